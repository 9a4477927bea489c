from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from assay.bundle import manifest
from assay.bundle.language_model import LanguageModel
from assay.bundle.sampling import Sampling
from assay.bundle.session import Session
from assay.files import sha256
from assay.modalities.text import codec
from assay.paths import ModelPaths
from assay.tasks.text_generation import TEXT_GENERATION, checkpoint, parity
from assay.tasks.text_generation import export as exporting
from assay.tasks.text_generation.compared import Compared
from assay.tasks.text_generation.documents import Documents, texts_of
from assay.tasks.text_generation.settings import TextGenerationModel
from tests import blocks, made
from tests.tasks.text_generation import made as small
from tests.tasks.text_generation import project as projects

if TYPE_CHECKING:
    from pathlib import Path

    from assay.records import Parity, Timings

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
GREEDY = Sampling(temperature=0)


@pytest.fixture
def project(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made.built_generator(checkpoint)
    monkeypatch.chdir(folder)
    return folder


@dataclass(frozen=True)
class Exported:
    """A bundle, and what its export reports."""

    folder: Path
    parity: Parity
    timings: Timings


def _export(folder: Path, **changes: Any) -> Exported:
    block = blocks.generator_settings()
    block["export"] |= changes
    model = TextGenerationModel.model_validate(block)
    return Exported(folder, *TEXT_GENERATION.export(model, FILES, folder))


@pytest.fixture(scope="module")
def full(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a bundle in fp32."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.built_generator(checkpoint))
        return _export(tmp_path_factory.mktemp("exported") / "fp32", precision="fp32")


def test_another_export_is_equal_byte_for_byte(project: Path, tmp_path: Path) -> None:
    _export(tmp_path / "again")
    assert sha256(tmp_path / "again") == sha256(project / FILES.bundle)


def test_the_bundle_says_all_that_who_opens_it_needs(project: Path, full: Exported) -> None:
    stated = manifest.read(full.folder)
    assert stated.encoder == {"context": 48, "start": 0, "stop": 0}
    assert (stated.data, stated.task, stated.labels) == ("text", "generation", ())
    assert stated.precision == full.parity.precision == "fp32"
    names = [entry.name for entry in stated.inputs]
    assert names[:3] == ["input_ids", "attention_mask", "logits_to_keep"]
    tokenizer = (project / FILES.checkpoint / "tokenizer.json").read_bytes()
    assert (full.folder / "tokenizer.json").read_bytes() == tokenizer
    card = (full.folder / "README.md").read_text(encoding="utf-8")
    assert "trained from scratch" in card
    assert "(fp32)" in card
    assert full.timings.unit == "tokens"
    assert full.timings.rows_per_second_fp32 > 0


def test_the_parity_report_is_what_the_graph_says(project: Path, full: Exported) -> None:
    report, texts = full.parity, texts_of(FILES, "validation")
    # Prompts of 16 tokens in a context of 48.
    assert report.greedy_tokens == parity.PROMPTS * 32
    assert report.metric == "bits per byte"
    assert report.validation_rows == len(texts)
    assert 0 < report.grid_max_abs_diff < 1e-4
    assert 0 < report.validation_max_abs_diff < 1e-4
    assert report.int8 is not None
    assert report.score_drop == pytest.approx(report.int8.score - report.fp32.score, abs=2e-6)
    assert report.int8.megabytes < report.fp32.megabytes
    size = (full.folder / "model.onnx").stat().st_size
    assert report.fp32.megabytes == pytest.approx(size / 1e6, rel=0.02)
    model = LanguageModel.open(full.folder, codec.read)
    documents = Documents.of(texts, model.tokenizer).ended
    nats = sum(float(own.sum()) for own in model.generator.scorer().all_nats(documents))
    letters = sum(len(text.encode()) for text in texts)
    assert report.fp32.score == pytest.approx(nats / np.log(2) / letters, abs=1e-5)


def test_a_served_text_is_that_of_the_network_that_was_trained(
    project: Path, full: Exported
) -> None:
    served = LanguageModel.open(full.folder, codec.read)
    trained = checkpoint.read(project / FILES.checkpoint)
    for prompt in ("coffee", "the warm music", ""):
        ids = [served.tokenizer.end, *served.tokenizer.encode([prompt])[0]]
        for _ in range(30):
            with torch.inference_mode():
                ids.append(int(trained(torch.tensor([ids]))[0, -1].argmax()))
            if ids[-1] == served.tokenizer.end:
                ids.pop()
                break
        expected = served.tokenizer.decode(ids[1 + len(prompt) :])
        assert "".join(served.write(prompt, 30, GREEDY)) == expected
        assert expected


@pytest.mark.usefixtures("project")
def test_the_precision_is_the_one_asked_for_and_fp32_comes_along_where_it_may(
    tmp_path: Path,
) -> None:
    report = _export(tmp_path / "int8", precision="int8", fallback=True).parity
    assert report.precision == manifest.read(tmp_path / "int8").precision == "int8"
    graphs = sorted(path.name for path in (tmp_path / "int8").glob("*.onnx"))
    assert graphs == ["fp32.onnx", "model.onnx"]
    row = np.array([[0, 5, 9, 3]])
    one, two = (parity.logits(Session(str(tmp_path / "int8" / name), 1), row) for name in graphs)
    assert not np.array_equal(one, two)
    np.testing.assert_allclose(one, two, atol=0.2)


def test_the_smallest_context_there_is_can_be_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    projects.write()
    model = projects.settings(context=8, tokenizer="bytes", epochs=1)
    report = projects.exported(model, FILES.bundle)
    assert report.greedy_tokens == parity.PROMPTS * 4
    opened = LanguageModel.open(FILES.bundle, codec.read)
    assert opened.generator.context == 8
    assert len("".join(opened.write("coffee", 7, GREEDY))) <= 7


def test_of_a_large_vocabulary_shorter_windows_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = small.decoder()
    compared = Compared([small.ids(small.TEXT)], 1000, end=0, context=48)
    assert exporting._rows(compared, model).shape == (exporting.LOGIT_ROWS, 1000 // 8)
    monkeypatch.setattr(exporting, "LOGITS", exporting.LOGIT_ROWS * 20 * model.sizes.vocabulary)
    assert exporting._rows(compared, model).shape == (exporting.LOGIT_ROWS, 20)
    monkeypatch.setattr(exporting, "LOGITS", 1)
    assert exporting._rows(compared, model).shape == (exporting.LOGIT_ROWS, 1)
