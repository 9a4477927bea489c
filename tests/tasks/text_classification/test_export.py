from __future__ import annotations

from pathlib import Path

import onnx
import pandas as pd
import pytest

from assay import records
from assay.bundle import manifest
from assay.files import read_json, sha256
from assay.paths import ModelPaths
from assay.records import Parity
from assay.tasks.text_classification import export
from tests import made

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


@pytest.fixture
def project(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made.built(checkpoint)
    monkeypatch.chdir(folder)
    return folder


def test_the_bundle_holds_what_is_served_and_nothing_else(project: Path) -> None:
    names = {path.name for path in FILES.bundle.iterdir()}
    assert names == {
        "model.onnx", "tokenizer.json", "assay.json", "README.md", "golden.parquet",
    }  # fmt: skip
    stated = manifest.read(FILES.bundle)
    assert (stated.data, stated.task) == ("text", "classification")
    assert stated.labels == made.LABELS
    assert stated.encoder == {"max_length": 64, "tail": 0}
    assert [port.model_dump() for port in stated.inputs] == [
        {"name": name, "type": "int64", "shape": ("batch", "length"), "example": (1, 8)}
        for name in ("input_ids", "attention_mask")
    ]
    assert stated.made_from == {
        "weights": sha256(FILES.checkpoint),
        "train": sha256(FILES.split("train")),
        "validation": sha256(FILES.split("validation")),
    }


def test_the_graph_itself_says_what_it_is(project: Path) -> None:
    graph = onnx.load(FILES.bundle / manifest.MODEL)
    facts = {entry.key: entry.value for entry in graph.metadata_props}
    assert facts == {
        "assay.task": "text-classification",
        "assay.labels": "negative\nneutral\npositive",
        "assay.weights": sha256(FILES.checkpoint),
        "assay.train": sha256(FILES.split("train")),
        "assay.precision": manifest.read(FILES.bundle).precision,
    }


def test_no_folder_of_this_machine_is_named(project: Path) -> None:
    for path in FILES.bundle.iterdir():
        content = path.read_bytes()
        for folder in (project, Path(export.__file__).parents[4], Path(onnx.__file__).parents[1]):
            assert str(folder).encode() not in content, path


def test_the_report_says_how_far_and_why(project: Path) -> None:
    report = records.read(FILES.parity, Parity)
    assert report.validation_rows == len(pd.read_parquet(FILES.split("validation")))
    assert report.validation_rows > 10
    rounding = 1e-5 / report.temperature
    assert report.validation_max_abs_diff < rounding
    assert 0 < report.grid_max_abs_diff < rounding
    assert report.precision == manifest.read(FILES.bundle).precision
    assert report.metric == "macro F1"
    assert report.int8 is not None
    assert report.score_drop == pytest.approx(report.fp32.score - report.int8.score, abs=2e-6)
    assert "macro F1" in report.reason
    assert report.neighbours_max_abs_diff is not None
    assert report.neighbours_max_abs_diff <= rounding
    written = read_json(FILES.parity)
    assert not any("second" in name or "speed" in name for name in written), "timings vary"


def test_the_card_names_its_source_and_its_labels(project: Path) -> None:
    card = (FILES.bundle / "README.md").read_text()
    for word in ("`negative`", "64 tokens", "assay.json", f"# {made.MODEL}"):
        assert word in card


def test_a_precision_that_is_asked_for_is_the_one_that_is_written(
    project: Path, checkpoint: Path
) -> None:
    folder = made.fp32_bundle(checkpoint)
    assert manifest.read(folder).precision == "fp32"
    kinds = {entry.data_type for entry in onnx.load(folder / manifest.MODEL).graph.initializer}
    assert onnx.TensorProto.INT8 not in kinds
