from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay import records
from assay.bundle.language_model import LanguageModel
from assay.errors import UsageError
from assay.modalities.text import codec
from assay.paths import STAGES, ModelPaths
from assay.records import Evaluation, Parity
from assay.stages.__main__ import main
from assay.tasks import registry
from assay.tasks.text_generation import before, checkpoint, pretrained, scored
from assay.tasks.text_generation.documents import Documents
from tests import blocks, made
from tests.tasks.text_generation import llama

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.text_generation.settings import TextGenerationModel

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
QUESTIONS = 8


def _block(folder: Path) -> dict[str, Any]:
    """Return the settings of a model that is fine-tuned from the decoder in a folder."""
    block = blocks.generator_settings()
    block["train"] = {
        "network": "pretrained",
        "checkpoint": str(folder),
        "context": 48,
        "epochs": 1,
        "learning_rate": 3e-3,
        "threads": 1,
    }
    block["evaluate"] |= {"also": "bank_faq", "bootstrap": 100}
    return block


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose model was fine-tuned and went through all stages."""
    base = tmp_path_factory.mktemp("fine-tuned")
    llama.saved(base / "llama", initializer_range=0.05)
    questions = pd.DataFrame(
        {"Question": [f"Question {number}?" for number in range(QUESTIONS)], "Answer": "It may be."}
    )
    (base / "mirror/text").mkdir(parents=True)
    questions.assign(Class="cards").to_csv(base / "mirror/text/bank_faq.csv", index=False)
    project = base / "project"
    project.mkdir()
    made.lay_out_plain(project, _block(base / "llama"), made.texts(200)[["text"]])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.setenv("ASSAY_MIRROR", str(base / "mirror"))
        for stage in STAGES:
            assert main(stage, made.MODEL) == 0, stage
    return project


@pytest.fixture
def settings(built: Path, monkeypatch: pytest.MonkeyPatch) -> TextGenerationModel:
    """Go into the project; return its model's settings."""
    monkeypatch.chdir(built)
    monkeypatch.setenv("ASSAY_MIRROR", str(built.parent / "mirror"))
    found: Any = registry.load_model(made.MODEL)
    return found  # type: ignore[no-any-return]


def test_the_report_says_what_the_model_was_before(settings: TextGenerationModel) -> None:
    found = {one.name: one for one in records.read(FILES.metrics, Evaluation).metrics}
    was, now = found["before_bits_per_byte"].value, found["bits_per_byte"].value
    assert was is not None
    assert now is not None
    assert now < 0.9 * was, "it learned something"
    assert not found["before_bits_per_byte"].higher_is_better
    page = FILES.report.read_text(encoding="utf-8")
    assert "Before and after fine-tuning" in page
    assert f"{was:.3f}" in page
    assert f"bank_faq: {QUESTIONS} documents" in page


def test_what_it_was_is_what_the_checkpoint_costs(settings: TextGenerationModel) -> None:
    """Torch's own losses of the same windows, none of which is longer than the context."""
    import torch
    from torch.nn import functional

    model, coded = pretrained.start(settings.train)
    scorer = before._scorer(model, coded, settings)
    text = "It was a good day."
    (ids,) = coded.encode([text])
    known = torch.tensor([[coded.end, *ids, coded.end]])
    with torch.inference_mode():
        expected = functional.cross_entropy(
            model.eval()(known[:, :-1])[0], known[0, 1:], reduction="sum"
        )
    found = scored.scores(scorer, Documents.of([text], coded), "scoring").losses.nats
    assert found[0] == pytest.approx(float(expected), rel=1e-4)


def test_the_bundle_has_the_checkpoints_tokenizer(settings: TextGenerationModel) -> None:
    model = LanguageModel.open(FILES.bundle, codec.read)
    assert model.tokenizer.decode([model.tokenizer.end]) == llama.END
    described = json.loads((FILES.bundle / codec.CONFIG).read_text(encoding="utf-8"))
    assert described["eos_token"] == llama.END
    card = (FILES.bundle / "README.md").read_text(encoding="utf-8")
    assert f"fine-tuned from {settings.train.checkpoint}" in card
    assert records.read(FILES.parity, Parity).validation_max_abs_diff < 1e-3


def test_training_starts_from_the_checkpoint_and_keeps_its_sizes(
    settings: TextGenerationModel,
) -> None:
    start, _ = pretrained.start(settings.train)
    trained = checkpoint.read(FILES.checkpoint)
    assert trained.sizes == start.sizes
    moved = (trained.tokens.weight - start.tokens.weight).abs().max()
    assert 0 < moved < 0.5


def test_another_checkpoint_is_another_training(
    settings: TextGenerationModel, tmp_path: Path
) -> None:
    task = registry.task_of(settings)
    assert task.starting_point(settings) == settings.train.checkpoint
    digest = task.training_digest(settings, FILES)
    llama.saved(tmp_path, initializer_range=0.06)
    train = settings.train.model_copy(update={"checkpoint": str(tmp_path)})
    assert task.training_digest(settings.model_copy(update={"train": train}), FILES) != digest


def test_an_unknown_corpus_is_refused(settings: TextGenerationModel) -> None:
    evaluate = settings.evaluate.model_copy(update={"also": "nowhere"})
    with pytest.raises(UsageError, match="nowhere"):
        registry.task_of(settings).evaluate(
            settings.model_copy(update={"evaluate": evaluate}), FILES
        )
