"""Networks from random weights through all stages: trained, exported, measured, asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from assay import records
from assay.bundle import manifest as manifests
from assay.files import remove, sha256
from assay.modalities.text.encoding import TOKENIZER
from assay.paths import ModelPaths
from assay.records import Evaluation, Parity, Trace, ValidationReport
from assay.tasks import registry
from assay.tasks.bundles import open_classifier
from assay.tasks.text_classification import TEXT_CLASSIFICATION
from assay.tasks.text_classification.settings import TextClassificationModel
from tests import blocks, made, trainings
from tests.tasks.text_classification.scratch_networks import KINDS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.processor, pytest.mark.parametrize("kind", KINDS)]

FILES = ModelPaths(made.MODEL)


@pytest.fixture
def project(
    kind: str, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> TextClassificationModel:
    """Go into the built project of one kind; return its model's settings."""
    monkeypatch.chdir(made.built_from_scratch(checkpoint, kind))
    found = registry.load_model(made.MODEL)
    assert isinstance(found, TextClassificationModel)
    return found


def _train(settings: TextClassificationModel, name: str, kill_at: int = -1) -> tuple[str, str]:
    """Train; return the digests of checkpoint and curve."""
    return trainings.train(TEXT_CLASSIFICATION, settings, FILES, name, kill_at)


def test_a_killed_training_resumes_and_ends_in_the_same_bytes(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    FILES.splits.mkdir(parents=True)
    for name, rows, seed in (("train", 240, 1), ("validation", 45, 2)):
        made.texts(rows, seed).to_parquet(FILES.split(name))

    def settings(**changes: Any) -> TextClassificationModel:
        block = blocks.scratch_settings(kind, epochs=2, **changes)
        return TextClassificationModel.model_validate(block)

    whole = _train(settings(), "whole")
    remove(FILES.resume)
    with pytest.raises(KeyboardInterrupt):
        _train(settings(), "killed", kill_at=20)
    assert not FILES.checkpoint.with_name("killed").exists()
    assert _train(settings(), "resumed") == whole
    assert "training resumes at step 15 of an interrupted run" in capsys.readouterr().err
    remove(FILES.resume)
    assert _train(settings(seed=14), "other") != whole


def test_it_learns_and_starts_from_nothing(kind: str, project: TextClassificationModel) -> None:
    curve = pd.read_csv(FILES.curve)
    validated = curve.dropna(subset=["validation_macro_f1"])
    assert validated["epoch"].min() == 1
    assert validated["validation_macro_f1"].max() > 0.6  # a third by chance
    names = {path.name for path in FILES.checkpoint.iterdir()}
    assert names == {"model.safetensors", TOKENIZER}
    assert records.read(FILES.trace, Trace).points[0].step == 0
    assert TEXT_CLASSIFICATION.pretrained(project) is None
    assert TEXT_CLASSIFICATION.starting_point(project) == f"{kind}, from random weights"


def test_validate_finds_nothing_unknown(kind: str, project: TextClassificationModel) -> None:
    report = records.read(FILES.validation, ValidationReport)
    assert report.success
    assert report.summary.figures["share of unknown tokens"] == 0
    assert report.summary.figures["tokens"] == 300 * 7


def test_the_report_stands_it_beside_words_alone(
    kind: str, project: TextClassificationModel
) -> None:
    page = FILES.report.read_text(encoding="utf-8")
    assert "TF-IDF and logistic regression" in page
    assert "frozen encoder" not in page
    assert "## Smaller networks" not in page
    evaluation = records.read(FILES.metrics, Evaluation)
    assert evaluation.metric("macro_f1").value is not None
    assert TEXT_CLASSIFICATION.evaluate(project, FILES).evaluation == evaluation
    card = next(FILES.bundle.glob("*.md")).read_text(encoding="utf-8")
    assert "random weights" in card
    assert "None" not in card


def test_its_bundle_is_smaller_in_int8_and_answers_alike(
    kind: str, project: TextClassificationModel
) -> None:
    parity = records.read(FILES.parity, Parity)
    assert parity.grid_max_abs_diff < 1e-4
    assert parity.int8 is not None
    assert parity.neighbours_max_abs_diff is not None
    assert parity.neighbours_max_abs_diff <= 1e-3
    assert parity.int8.megabytes <= parity.fp32.megabytes
    assert manifests.read(FILES.bundle).made_from["weights"] == sha256(FILES.checkpoint)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_no_answer_depends_on_its_neighbours(
    kind: str, precision: str, project: TextClassificationModel, tmp_path: Path
) -> None:
    asked = project.export.model_copy(update={"precision": precision})
    folder = tmp_path / "bundle"
    TEXT_CLASSIFICATION.export(project.model_copy(update={"export": asked}), FILES, folder)
    bundle = open_classifier(folder, threads=1)
    assert bundle.precision == precision
    encoded = bundle.encode(["", "kind", *made.texts(40)["text"], "warm bread " * 100])
    alone = {rows[0]: bundle.logits(feeds)[0] for rows, feeds in encoded.batches(1)}
    for rows, feeds in encoded.batches(16):
        expected = np.stack([alone[row] for row in rows])
        assert np.abs(bundle.logits(feeds) - expected).max() <= 1e-3


def test_its_answers_are_measured_for_drift(kind: str, project: TextClassificationModel) -> None:
    table = pd.DataFrame({"text": ["warm bread", "", "漢字"]})
    found = TEXT_CLASSIFICATION.observe(project, FILES.bundle, table)
    assert list(found["share of unknown tokens"]) == [0, 0, 1]
    assert list(found["characters"]) == [10, 0, 2]
