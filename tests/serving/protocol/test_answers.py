from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tritonclient.http import InferRequestedOutput

from assay.bundle.classifier import Answers
from assay.serving.protocol.answers import Outputs
from assay.serving.protocol.identity import Identity
from assay.serving.protocol.response import InferResponse, render
from assay.serving.refusals import BadRequest
from tests.serving import triton
from tests.serving.manifests import LABELS, manifest

IDENTITY = Identity("reviews", "3", "ab" * 32)
ANSWERS = Answers(
    np.array([[0.1, 0.2, 0.7], [0.4, 0.4, 0.2]]), truncated=0, unknown=np.zeros(2), threshold=1.2
)
OUTPUTS = Outputs.of(manifest(threshold=1.2))
TEXTS = {"text": triton.texts("a", "b")}


@pytest.mark.parametrize("binary", [True, False])
def test_the_client_reads_every_output(binary: bool) -> None:
    request = replace(triton.asked(TEXTS), binary=binary)
    tensors = OUTPUTS.tensors(ANSWERS, request)
    result = triton.read(InferResponse(IDENTITY, tensors, "7"))
    labels = [one if isinstance(one, str) else one.decode() for one in result.as_numpy("label")]
    assert labels == ["好", "bad"], "of equal probabilities the first class"
    np.testing.assert_array_equal(result.as_numpy("score"), np.array([0.7, 0.4], np.float32))
    np.testing.assert_array_equal(
        result.as_numpy("probabilities"), ANSWERS.probabilities.astype(np.float32)
    )
    np.testing.assert_array_equal(result.as_numpy("in_scope"), ~ANSWERS.out_of_scope)
    stated = result.get_response()
    assert (stated["model_name"], stated["model_version"], stated["id"]) == ("reviews", "3", "7")
    assert stated["parameters"]["bundle"] == "ab" * 32


def test_a_bundle_without_threshold_tells_no_scope() -> None:
    outputs = Outputs.of(manifest())
    assert [port.name for port in outputs.ports] == ["label", "score", "probabilities"]
    with pytest.raises(BadRequest, match="no output 'in_scope'; expected some of label, score"):
        outputs.require(triton.asked(TEXTS, [InferRequestedOutput("in_scope")]))


def test_the_ports_are_what_is_answered() -> None:
    tensors = OUTPUTS.tensors(ANSWERS, triton.asked(TEXTS))
    assert [(one.name, one.datatype) for one in tensors] == [
        (port.name, port.datatype) for port in OUTPUTS.ports
    ]
    for tensor, port in zip(tensors, OUTPUTS.ports, strict=True):
        assert len(tensor.shape) == len(port.shape)
        assert all(size in (-1, own) for size, own in zip(port.shape, tensor.shape, strict=True))


def test_only_the_outputs_that_are_asked_for_are_answered_in_their_order() -> None:
    outputs = [InferRequestedOutput("score"), InferRequestedOutput("label", binary_data=False)]
    request = triton.asked(TEXTS, outputs)
    OUTPUTS.require(request)
    body, headers = render(InferResponse(IDENTITY, OUTPUTS.tensors(ANSWERS, request)))
    length = int(headers["inference-header-content-length"])
    assert body[length:] == np.array([0.7, 0.4], "<f4").tobytes()
    result = triton.read(InferResponse(IDENTITY, OUTPUTS.tensors(ANSWERS, request)))
    assert [one["name"] for one in result.get_response()["outputs"]] == ["score", "label"]
    assert result.as_numpy("label").tolist() == ["好", "bad"]


def test_the_best_classes_are_written_as_triton_writes_them() -> None:
    request = triton.asked(TEXTS, [InferRequestedOutput("probabilities", class_count=2)])
    OUTPUTS.require(request)
    result = triton.read(InferResponse(IDENTITY, OUTPUTS.tensors(ANSWERS, request)))
    found = [[one.decode() for one in row] for row in result.as_numpy("probabilities")]
    assert found == [
        ["0.700000:2:好", "0.200000:1:gut"],
        ["0.400000:0:bad", "0.400000:1:gut"],
    ]


def test_more_classes_than_there_are_are_all_of_them() -> None:
    request = triton.asked(TEXTS, [InferRequestedOutput("probabilities", class_count=99)])
    (tensor,) = OUTPUTS.tensors(ANSWERS, request)
    assert tensor.shape == (2, len(LABELS))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (InferRequestedOutput("logits"), "no output 'logits'"),
        (InferRequestedOutput("../label"), "no output '../label'"),
        (InferRequestedOutput("label", class_count=1), "expected it of probabilities alone"),
    ],
)
def test_an_output_that_is_not_there_is_refused(asked: InferRequestedOutput, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        OUTPUTS.require(triton.asked(TEXTS, [asked]))
