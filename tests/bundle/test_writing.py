from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from assay import processor
from assay.bundle import manifest, writing
from assay.files import sha256
from assay.paths import ModelPaths
from assay.tasks.text_classification.settings import TextClassificationModel

if TYPE_CHECKING:
    from pathlib import Path

    from assay.bundle.manifest import Precision

pytestmark = pytest.mark.processor

FILES = ModelPaths("mine")
SETTINGS = TextClassificationModel.model_validate(
    {"data": "text", "task": "classification", "labels": ["bad", "good"]}
)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make what a model is made from, of a few bytes each."""
    monkeypatch.chdir(tmp_path)
    for path in (FILES.checkpoint / "weights", FILES.split("train"), FILES.split("validation")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    FILES.bundle.mkdir()


def graph() -> bytes:
    """Return a graph of two inputs, of text and of numbers, that gives the numbers out."""
    words = helper.make_tensor_value_info("words", TensorProto.STRING, ["batch", 3])
    numbers = helper.make_tensor_value_info("numbers", TensorProto.DOUBLE, ["batch", "length"])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "length"])
    node = helper.make_node("Cast", ["numbers"], ["logits"], to=TensorProto.FLOAT)
    made = helper.make_graph([node], "small", [words, numbers], [logits])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def write(
    folder: Path, precision: Precision = "fp32", *, fallback: bool = False
) -> manifest.Manifest:
    rows = [{"words": np.array([["a", "", "b"]], dtype=object), "numbers": np.zeros((1, 2))}]
    content = writing.Content(
        graph=graph(),
        precision=precision,
        fp32=graph(),
        fallback=fallback,
        golden=rows,
        card="# mine\n",
        sizes={"batch": 1, "length": 8},
        encoder={"max_length": 64, "columns": ("a",)},
    )
    writing.write(folder, content, SETTINGS, FILES)
    return manifest.read(folder)


def test_graph_card_and_manifest_are_written_beside_what_is_there() -> None:
    (FILES.bundle / "tokenizer.json").write_text("{}")
    found = write(FILES.bundle)
    assert (FILES.bundle / manifest.MODEL).read_bytes() == graph()
    assert (FILES.bundle / writing.CARD).read_text() == "# mine\n"
    assert set(found.files) == {"model.onnx", "README.md", "golden.parquet", "tokenizer.json"}


@pytest.mark.parametrize("fallback", [False, True])
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_fp32_is_beside_int8_where_it_is_asked_for(precision: Precision, fallback: bool) -> None:
    found = write(FILES.bundle, precision, fallback=fallback)
    assert (manifest.FALLBACK in found.files) is (fallback and precision == "int8")


def test_the_manifest_says_what_the_model_is_and_what_it_was_made_from() -> None:
    found = write(FILES.bundle, "int8")
    assert (found.model, found.data, found.task) == ("mine", "text", "classification")
    assert found.labels == ("bad", "good")
    assert found.precision == "int8"
    assert found.encoder == {"max_length": 64, "columns": ("a",)}
    assert found.made_from == {
        "weights": sha256(FILES.checkpoint),
        "train": sha256(FILES.split("train")),
        "validation": sha256(FILES.split("validation")),
    }
    assert found.processor == processor.processor_class()
    assert found.versions == writing.versions()


def test_inputs_and_outputs_are_those_of_the_graph_as_numpy_names_them() -> None:
    found = write(FILES.bundle)
    assert [port.model_dump() for port in (*found.inputs, *found.outputs)] == [
        {"name": "words", "type": "str", "shape": ("batch", 3), "example": (1, 3)},
        {"name": "numbers", "type": "float64", "shape": ("batch", "length"), "example": (1, 8)},
        {"name": "logits", "type": "float32", "shape": ("batch", "length"), "example": (1, 8)},
    ]


def test_equal_models_are_equal_bundles(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")


def test_the_graph_itself_can_say_what_it_was_made_from() -> None:
    assert writing.metadata(SETTINGS, FILES) == {
        "assay.task": "text-classification",
        "assay.labels": "bad\ngood",
        "assay.weights": sha256(FILES.checkpoint),
        "assay.train": sha256(FILES.split("train")),
    }


def test_versions_are_those_that_are_installed() -> None:
    found = writing.versions()
    assert found["torch"] == version("torch")
    assert found["onnx"] == version("onnx")
    assert {"onnxruntime", "onnxruntime-gpu"} & set(found), "one name or the other"
