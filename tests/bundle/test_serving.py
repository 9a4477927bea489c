"""A bundle on a processor that it was not made on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from assay import processor
from assay.bundle import golden, manifest, serving
from assay.bundle.classifier import Classifier
from assay.bundle.manifest import FALLBACK, MODEL, Manifest
from assay.bundle.session import Session
from assay.errors import BundleRefused
from assay.files import read_json
from assay.modalities.text.encoding import of_bundle
from assay.paths import ModelPaths
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
ELSEWHERE = {"processor": made.OTHER_PROCESSOR}
TEXTS = ["great lovely film", "awful", "an ordinary table"]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep verdicts in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def int8(checkpoint: Path, tmp_path: Path) -> Path:
    """Return a bundle in int8 with its fp32 graph beside it."""
    shutil.copytree(made.int8_bundle(checkpoint), tmp_path / "int8")
    return tmp_path / "int8"


def _restated(folder: Path, **changes: object) -> None:
    """State other facts, and the digests of the files as they are now."""
    stated = Manifest.model_validate(
        {k: v for k, v in read_json(folder / manifest.MANIFEST).items() if k != "digest"}
    )
    manifest.write(folder, stated.model_copy(update=changes))


def _damage(folder: Path, name: str) -> None:
    """Give the graph other weights of its head: it answers otherwise, as under a wrong kernel."""
    graph = onnx.load(folder / name)
    (head,) = (one for one in graph.graph.initializer if one.name.endswith("classifier.weight"))
    values = numpy_helper.to_array(head)
    head.CopyFrom(numpy_helper.from_array((values * 3).astype(np.float32), head.name))
    (folder / name).write_bytes(graph.SerializeToString(deterministic=True))


def _opened(folder: Path) -> Classifier:
    return Classifier.open(folder, of_bundle, threads=1)


def test_a_bundle_carries_golden_rows_that_its_fp32_graph_answered(int8: Path) -> None:
    rows = golden.read(int8)
    assert len(rows.feeds) == len(rows.logits) == golden.ROWS
    assert rows.largest_difference(Session(str(int8 / FALLBACK), 1)) < 1e-6
    largest = rows.largest_difference(Session(str(int8 / MODEL), 1))
    assert manifest.read(int8).golden_max_abs_diff == pytest.approx(largest, rel=0.05)
    assert largest > 1e-4, "int8 is not fp32"


def test_golden_rows_are_no_text_that_anyone_brought(int8: Path, checkpoint: Path) -> None:
    encode = of_bundle(int8, manifest.read(int8))
    brought = {tuple(ids) for ids in encode(made.texts(300)["text"].tolist()).ids}
    for feeds in golden.read(int8).feeds:
        length = int(feeds["attention_mask"].sum())
        assert tuple(feeds["input_ids"][0, :length].tolist()) not in brought


def test_at_home_nothing_is_run(int8: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _damage(int8, MODEL)
    _restated(int8)
    assert _opened(int8).precision == "int8"
    assert not serving.VERDICTS.exists()


@pytest.mark.parametrize(
    "changes", [ELSEWHERE, {"versions": {"onnxruntime": "1.0.0"}}], ids=["processor", "runtime"]
)
def test_elsewhere_a_graph_that_answers_as_it_was_measured_is_served(
    int8: Path, changes: dict[str, object]
) -> None:
    _restated(int8, **changes)
    assert _opened(int8).precision == "int8"
    (verdict,) = serving.VERDICTS.iterdir()
    before = verdict.stat().st_mtime_ns
    assert _opened(int8).precision == "int8"
    assert verdict.stat().st_mtime_ns == before, "the verdict is kept"


def test_elsewhere_a_graph_that_answers_otherwise_gives_way_to_fp32(
    int8: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = _fp32(int8)
    _damage(int8, MODEL)
    _restated(int8, **ELSEWHERE)
    bundle = _opened(int8)
    assert bundle.precision == "fp32"
    assert bundle.manifest.precision == "int8"
    said = capsys.readouterr().err
    assert "fp32 instead of int8, whose logits differ by" in said
    np.testing.assert_allclose(bundle.predict(TEXTS).probabilities, expected, atol=1e-6)


def _fp32(folder: Path) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    from assay.bundle.classifier import softmax

    session = Session(str(folder / FALLBACK), 1)
    encoded = of_bundle(folder, manifest.read(folder))(TEXTS)
    answer = np.zeros((len(TEXTS), len(made.LABELS)))
    for rows, feeds in encoded.batches(1):
        answer[rows] = softmax(session.run(feeds))
    return answer


def _without_fallback(folder: Path) -> None:
    (folder / FALLBACK).unlink()
    _damage(folder, MODEL)


def _with_damaged_fallback(folder: Path) -> None:
    _damage(folder, MODEL)
    _damage(folder, FALLBACK)


@pytest.mark.parametrize("spoil", [_without_fallback, _with_damaged_fallback])
def test_elsewhere_a_bundle_without_a_right_graph_is_refused(
    int8: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(int8)
    _restated(int8, **ELSEWHERE)
    for _ in range(2):  # found now, and as found before
        with pytest.raises(BundleRefused, match=r"its logits differ by up to [\d.]+") as refused:
            _opened(int8)
        assert f"made on {made.OTHER_PROCESSOR}" in refused.value.expected
        assert "export.precision to fp32" in refused.value.cure


def test_a_verdict_is_of_one_processor_class(int8: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _restated(int8, **ELSEWHERE)
    _opened(int8)
    monkeypatch.setattr(processor, "processor_class", lambda: "another class")
    _opened(int8)
    assert len(list(serving.VERDICTS.iterdir())) == 2


def test_a_verdict_that_cannot_be_kept_is_found_again(
    int8: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _restated(int8, **ELSEWHERE)
    serving.VERDICTS.parent.mkdir(parents=True)
    serving.VERDICTS.touch()  # a file where a folder should be
    assert _opened(int8).precision == "int8"
    assert "golden rows will be run again next time" in capsys.readouterr().err
