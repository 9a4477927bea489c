from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from tritonclient.utils import triton_to_np_dtype

from assay.serving.protocol.datatypes import NAMES, Datatype
from assay.serving.protocol.identity import Identity
from assay.serving.protocol.response import InferResponse, render
from assay.serving.protocol.tensors import Tensor, of_bytes
from tests.serving import triton

IDENTITY = Identity("reviews", "workspace", "cd" * 32)


def tensor(datatype: Datatype, binary: bool) -> Tensor:
    if datatype == "BYTES":
        return Tensor("one", datatype, of_bytes(["烂".encode(), b""], (2, 1)), binary)
    given: list[Any] = [True, False] if datatype == "BOOL" else [1, 0]
    values = np.array(given, triton_to_np_dtype(datatype)).reshape(2, 1)
    return Tensor("one", datatype, values / 3 if datatype == "FP64" else values, binary)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("datatype", NAMES)
def test_the_client_reads_what_was_answered(datatype: Datatype, binary: bool) -> None:
    answered = tensor(datatype, binary)
    found = triton.read(InferResponse(IDENTITY, (answered,))).as_numpy("one")
    if datatype == "BYTES" and not binary:
        found = np.vectorize(str.encode, otypes=[object])(found)
    assert found.shape == (2, 1)
    np.testing.assert_array_equal(found, answered.values)


def test_an_answer_in_json_alone_has_no_header_of_a_length() -> None:
    body, headers = render(InferResponse(IDENTITY, (tensor("FP32", binary=False),)))
    assert headers == {
        "content-type": "application/json",
        "assay-model": "reviews",
        "assay-version": "workspace",
        "assay-bundle": "cd" * 32,
    }
    stated = orjson.loads(body)
    assert "id" not in stated
    assert stated["outputs"] == [
        {"name": "one", "datatype": "FP32", "shape": [2, 1], "data": [1.0, 0.0]}
    ]


def test_binary_data_follow_the_json_in_the_order_of_the_outputs() -> None:
    outputs = (
        Tensor("a", "UINT8", np.array([1, 2], np.uint8), binary=True),
        Tensor("b", "INT8", np.array([3], np.int8)),
        Tensor("c", "UINT16", np.array([4], np.uint16), binary=True),
    )
    body, headers = render(InferResponse(IDENTITY, outputs))
    assert headers["content-type"] == "application/octet-stream"
    length = int(headers["inference-header-content-length"])
    assert body[length:] == b"\x01\x02\x04\x00"
    stated = orjson.loads(body[:length])["outputs"]
    assert [one.get("parameters") for one in stated] == [
        {"binary_data_size": 2},
        None,
        {"binary_data_size": 2},
    ]
    assert stated[1]["data"] == [3]


def test_numbers_of_single_precision_are_written_as_short_as_they_are_told_apart() -> None:
    values = np.array([0.1, 1 / 3], np.float32)
    body, _ = render(InferResponse(IDENTITY, (Tensor("one", "FP32", values),)))
    assert b'"data":[0.1,0.33333334]' in body


def test_equal_answers_are_equal_bytes() -> None:
    answered = InferResponse(IDENTITY, (tensor("BYTES", binary=True), tensor("FP32", binary=False)))
    assert render(answered) == render(answered)
