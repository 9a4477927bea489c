from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import assay
from assay.paths import ModelPaths
from assay.serving.protocol import metadata
from assay.serving.protocol.names import require_version
from assay.serving.served import load_workspace
from tests import made
from tests.serving.manifests import manifest

if TYPE_CHECKING:
    from pathlib import Path


def test_the_server_says_what_it_can_do() -> None:
    said = metadata.server()
    assert (said.name, said.version) == ("assay", assay.__version__)
    assert "binary_tensor_data" in said.extensions


def test_a_served_model_says_its_name_version_inputs_and_outputs(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.built(checkpoint))
    assert ModelPaths(made.MODEL).bundle.is_dir()
    said = metadata.model(load_workspace(made.MODEL, threads=1))
    assert (said.name, said.versions) == (made.MODEL, ("workspace",))
    assert require_version(*said.versions) == "workspace"
    assert said.platform == "onnxruntime_onnx"
    assert [(one.name, one.datatype, one.shape) for one in said.inputs] == [
        ("text", "BYTES", (-1,))
    ]
    outputs = {one.name: one.shape for one in said.outputs}
    assert outputs.pop("in_scope", (-1,)) == (-1,)
    assert outputs == {"label": (-1,), "score": (-1,), "probabilities": (-1, len(made.LABELS))}


@pytest.mark.parametrize(
    ("data", "inputs"),
    [
        ("text", [("text", "BYTES", (-1,))]),
        ("image", [("image", "BYTES", (-1,)), ("pixels", "UINT8", (-1, -1, -1, 3))]),
        ("table", [("age", "FP32", (-1,)), ("income", "FP32", (-1,)), ("town", "BYTES", (-1,))]),
    ],
)
def test_a_classifier_is_asked_what_its_users_have(data: str, inputs: list[object]) -> None:
    found, outputs = metadata.ports(manifest(data, threshold=1.0))
    assert [(one.name, one.datatype, one.shape) for one in found] == inputs
    assert [one.name for one in outputs] == ["label", "score", "probabilities", "in_scope"]


def test_a_language_model_is_asked_as_the_generate_extension_has_it() -> None:
    inputs, outputs = metadata.ports(manifest("text", "generation"))
    assert [one.name for one in (*inputs, *outputs)] == ["text_input", "text_output"]


@pytest.mark.parametrize(("channels", "shape"), [(1, (-1, 28, 28)), (3, (-1, 28, 28, 3))])
def test_a_generator_of_images_is_asked_for_so_many_by_a_seed(
    channels: int, shape: tuple[int, ...]
) -> None:
    stated = manifest("image", "generation", encoder={"side": 28, "channels": channels})
    (count, seed), (images,) = metadata.ports(stated)
    assert (count.name, count.datatype, count.shape) == ("count", "INT32", (1,))
    assert (seed.name, seed.datatype, seed.shape) == ("seed", "INT64", (1,))
    assert (images.name, images.datatype, images.shape) == ("images", "UINT8", shape)
