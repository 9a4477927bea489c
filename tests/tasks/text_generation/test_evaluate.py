from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay import records
from assay.bundle.language_model import LanguageModel
from assay.errors import BundleRefused, DataRefused
from assay.modalities.text import codec
from assay.objectives.generation.kneser_ney import KneserNey
from assay.paths import ModelPaths
from assay.records import Evaluation
from assay.tasks.registry import load_model
from assay.tasks.text_generation.documents import Documents, texts_of
from assay.tasks.text_generation.evaluate import evaluate
from assay.tasks.text_generation.settings import TextGenerationModel
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

    from assay.reporting.report import Report

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


@pytest.fixture
def project(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a copy of a project that was built, to be spoiled."""
    copy = tmp_path / "project"
    shutil.copytree(made.built_generator(checkpoint), copy)
    monkeypatch.chdir(copy)
    return copy


def _evaluate(**changes: int) -> Report:
    model = load_model(made.MODEL)
    assert isinstance(model, TextGenerationModel)
    chosen = model.evaluate.model_copy(update=changes)
    return evaluate(model.model_copy(update={"evaluate": chosen}), FILES)


def _test_split(texts: list[str]) -> None:
    table = pd.DataFrame({"id": [str(row) for row in range(len(texts))], "text": texts})
    table.to_parquet(FILES.split("test"))


@pytest.mark.usefixtures("project")
def test_the_same_bundle_gives_the_same_report_and_the_stage_wrote_it() -> None:
    one, two = _evaluate(), _evaluate()
    assert one.page == two.page
    assert one.evaluation == two.evaluation == records.read(FILES.metrics, Evaluation)
    assert one.page == FILES.report.read_text(encoding="utf-8")


@pytest.mark.usefixtures("project")
def test_figures_are_those_of_the_bundle_and_of_n_grams_on_the_test_split() -> None:
    found = {one.name: one for one in _evaluate().evaluation.metrics}["bits_per_byte"]
    model = LanguageModel.open(FILES.bundle, codec.read)
    train, test = texts_of(FILES, "train"), texts_of(FILES, "test")
    size = sum(len(text.encode()) for text in test) * np.log(2)
    documents = Documents.of(test, model.tokenizer).ended
    nats = sum(float(own.sum()) for own in model.generator.scorer().all_nats(documents))
    assert found.value == pytest.approx(nats / size, abs=2e-6)
    encode = model.tokenizer.encode
    grams = KneserNey.fitted(encode(train), model.tokenizer.size, 3, model.tokenizer.end)
    nats = sum(float(grams.nats(ids).sum()) for ids in encode(test))
    assert found.baseline == pytest.approx(nats / size, abs=2e-6)


@pytest.mark.usefixtures("project")
def test_unknown_characters_are_paid_for_and_told() -> None:
    before = {one.name: one.value for one in _evaluate().evaluation.metrics}
    _test_split([f"{text} 汉Ж" for text in texts_of(FILES, "test")])
    report = _evaluate()
    after = {one.name: one.value for one in report.evaluation.metrics}
    assert "60 characters of the test split are unknown" in report.page
    assert (after["bits_per_byte"] or 0) > (before["bits_per_byte"] or 0) + 0.5


@pytest.mark.usefixtures("project")
def test_documents_of_the_train_split_in_the_test_split_are_told() -> None:
    _test_split([*texts_of(FILES, "train")[:3], "river"])
    report = _evaluate(copied_length=20)
    assert "Of all runs of 20 characters in the test split, 100.0 % stand in" in report.page
    copied = {one.name: one for one in report.evaluation.metrics}["copied_share"]
    assert (copied.value or 0) < 0.5 < (copied.baseline or 0)
    assert "Of all runs" not in _evaluate(copied_length=60).page, "no text is so long"


@pytest.mark.usefixtures("project")
def test_an_empty_test_split_is_refused() -> None:
    _test_split([])
    with pytest.raises(DataRefused, match="the test split has no document"):
        _evaluate()


@pytest.mark.usefixtures("project")
def test_an_altered_bundle_is_not_measured() -> None:
    file = FILES.bundle / "model.onnx"
    content = bytearray(file.read_bytes())
    content[-50] ^= 1
    file.write_bytes(content)
    with pytest.raises(BundleRefused, match=r"model\.onnx"):
        _evaluate()
