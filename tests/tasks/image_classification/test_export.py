from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from onnx import numpy_helper

from assay import records
from assay.bundle import manifest
from assay.bundle.session import Session
from assay.errors import ParityFailed
from assay.files import read_json, sha256
from assay.objectives.classification.precision import Graphs
from assay.paths import ModelPaths
from assay.records import Parity
from assay.tasks.bundles import open_classifier
from assay.tasks.image_classification import export, network, parity
from assay.tasks.image_classification.served import Served
from assay.tasks.image_classification.settings import ImageClassificationModel
from tests import blocks, made

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


@pytest.fixture
def project(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made.built_images(checkpoint)
    monkeypatch.chdir(folder)
    return folder


def _exported(folder: Path, **changes: Any) -> Parity:
    block = blocks.image_settings()
    block["export"] |= changes
    report, timings = export.export(ImageClassificationModel.model_validate(block), FILES, folder)
    assert timings.rows_per_second_fp32 > 0
    assert timings.rows_per_second_int8 is not None
    assert timings.rows_per_second_int8 > 0
    return report


def test_the_bundle_holds_what_is_served_and_nothing_else(project: Path) -> None:
    names = {path.name for path in FILES.bundle.iterdir()}
    assert names == {"model.onnx", "assay.json", "README.md", "golden.parquet"}
    stated = manifest.read(FILES.bundle)
    assert (stated.data, stated.task) == ("image", "classification")
    assert stated.encoder == {"size": 28, "channels": 1}
    (port,) = stated.inputs
    assert (port.name, port.type) == ("pixels", "uint8")
    assert port.shape == ("batch", "height", "width", 1)
    assert port.example == (1, 28, 28, 1)
    assert stated.made_from["weights"] == sha256(FILES.checkpoint)


def test_two_exports_are_equal_byte_for_byte_and_name_no_folder(
    project: Path, tmp_path: Path
) -> None:
    reports = [_exported(tmp_path / name) for name in ("one", "two")]
    assert reports[0] == reports[1]
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    content = (tmp_path / "one" / manifest.MODEL).read_bytes()
    for folder in (project, tmp_path, Path(export.__file__).parents[4]):
        assert str(folder).encode() not in content


@pytest.mark.parametrize("tta", ["none", "flip", "flip+shift"])
def test_one_graph_takes_images_of_any_size_and_number(
    project: Path, tmp_path: Path, tta: Any
) -> None:
    temperature = _exported(tmp_path / "bundle", precision="fp32", tta=tta).temperature
    session = Session(str(tmp_path / "bundle" / manifest.MODEL), 1)
    (entry,) = session.runtime.get_inputs()
    assert (entry.name, entry.type) == ("pixels", "tensor(uint8)")
    assert entry.shape == ["batch", "height", "width", 1]
    served = Served(network.load(FILES.checkpoint), 28, tta).eval()
    for batch, height, width in ((1, 28, 28), (3, 9, 40), (2, 111, 57)):
        images = parity.drawn(batch, height, width, 1)
        with torch.inference_mode():
            expected = served(torch.from_numpy(images)).numpy() / temperature
        np.testing.assert_allclose(session.run({"pixels": images}), expected, atol=1e-4, rtol=1e-4)


def test_int8_multiplies_int8_and_answers_alike(project: Path, tmp_path: Path) -> None:
    answers = {}
    contents = pd.read_parquet(FILES.split("test"))["image"].tolist()
    for precision in ("fp32", "int8"):
        report = _exported(tmp_path / precision, precision=precision)
        assert report.precision == precision
        opened = open_classifier(tmp_path / precision, threads=1)
        answers[precision] = opened.predict(contents).probabilities
    graph = onnx.load(tmp_path / "int8" / manifest.MODEL).graph
    kinds = [entry.data_type for entry in graph.initializer if entry.name.endswith("_quantized")]
    assert kinds.count(onnx.TensorProto.INT8) == 2, "two convolutions"
    assert not np.array_equal(answers["fp32"], answers["int8"])
    same = answers["fp32"].argmax(1) == answers["int8"].argmax(1)
    assert same.mean() > 0.95


def test_the_report_says_how_far_and_why(project: Path) -> None:
    report = records.read(FILES.parity, Parity)
    assert report.validation_rows == len(pd.read_parquet(FILES.split("validation")))
    assert report.validation_max_abs_diff < 1e-4
    assert 0 < report.grid_max_abs_diff < 1e-4
    assert report.precision == manifest.read(FILES.bundle).precision
    written = read_json(FILES.parity)
    assert not any("second" in name or "speed" in name for name in written), "timings vary"


@pytest.mark.parametrize("name", ["bias", "weight"])
def test_an_altered_weight_is_found(project: Path, tmp_path: Path, name: str) -> None:
    report = _exported(tmp_path / "bundle", precision="fp32")
    graph = onnx.load(tmp_path / "bundle" / manifest.MODEL)
    weight = next(entry for entry in graph.graph.initializer if entry.name.endswith(name))
    altered = numpy_helper.to_array(weight) * np.float32(1.01) + np.float32(1e-2)
    weight.CopyFrom(numpy_helper.from_array(altered, weight.name))
    served = Served(network.load(FILES.checkpoint), 28, "none").eval()
    content = graph.SerializeToString()
    altered_graphs = Graphs(content, content, report.temperature)
    with pytest.raises(ParityFailed, match="ONNX differs from torch by"):
        parity.grid(served, altered_graphs, 28, 1, 1)


def test_the_card_names_its_input_and_its_labels(project: Path) -> None:
    card = (FILES.bundle / "README.md").read_text()
    for word in ("`digit 3`", "lenet", "28 x 28", "grey", "assay.json", f"# {made.MODEL}"):
        assert word in card
