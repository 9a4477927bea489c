from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle.language_model import LanguageModel
from assay.bundle.sampling import Sampling
from assay.modalities.text import codec
from assay.paths import ModelPaths
from assay.settings.generation import GenerationEvaluate
from assay.tasks.text_generation import samples
from assay.tasks.text_generation.documents import Documents, texts_of
from tests import made
from tests.tasks.text_generation import project as projects

if TYPE_CHECKING:
    from pathlib import Path

    from assay.objectives.generation.sampled import Sampled

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
TRAIN, TEST = made.texts(40)["text"].tolist(), made.texts(60, seed=3)["text"].tolist()
# Neither shares a word with the other texts.
MANY = "The password of the vault is XK42-QJ7Z, says Zoe."
ONCE = "Call Quentin Yardley at 0555 1298 3374 by Friday!"


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> LanguageModel:
    return LanguageModel.open(made.built_generator(checkpoint) / FILES.bundle, codec.read)


def _sampled(model: LanguageModel, test: list[str] = TEST, **chosen: int) -> Sampled:
    wanted = {"samples": 60, "sample_tokens": 20, "seed": 5, "copied_length": 12, **chosen}
    settings = GenerationEvaluate.model_validate(wanted)
    return samples.sampled(model, TRAIN, Documents.of(test, model.tokenizer), settings)


def test_as_many_texts_are_generated_as_held_out_ones_stand_beside_them(
    model: LanguageModel,
) -> None:
    found = _sampled(model)
    for texts in (found.generated, found.held_out):
        assert texts.quality.samples == len(texts.overlaps) == 60
        assert texts.quality.tokens.longest <= 20
    assert found.copied_length == 12
    assert found.held_out.quality.tokens.median == 20
    assert found.generated.quality.varieties[3].distinct != 0


def test_no_batch_repeats_another(model: LanguageModel) -> None:
    found = samples._generated(model, 2 * samples.BATCH, 20, seed=5)
    assert len(found) == 2 * samples.BATCH
    assert len(set(found)) > 0.9 * len(found)
    first = model.continuations([""] * 3, 20, Sampling(seed=5))
    assert found[:3] == [one.text for one in first]


def test_a_seed_decides(model: LanguageModel) -> None:
    one, two, other = (_sampled(model, seed=seed, samples=6) for seed in (5, 5, 6))
    assert one.generated.quality == two.generated.quality
    assert one.metrics() == two.metrics()
    assert one.generated.quality != other.generated.quality
    assert one.held_out.quality == other.held_out.quality


def test_held_out_passages_are_parts_of_test_documents_of_equal_length(
    model: LanguageModel,
) -> None:
    found = samples._held_out(model, Documents.of(TEST, model.tokenizer), 30, 20)
    assert len(found) == 30
    assert all(any(part in text for text in TEST) for part in found)
    assert {len(part) for part in found[:-1]} >= {20}
    # A short document is one passage, and few passages are all there are.
    short = Documents.of(["coffee", "menu"], model.tokenizer)
    assert samples._held_out(model, short, 30, 20) == ["coffee", "menu"]


def test_beginnings_of_test_documents_are_continued_at_three_temperatures(
    model: LanguageModel,
) -> None:
    found = samples.shown(model, Documents.of(TEST, model.tokenizer), 13)
    assert [one.temperature for one in found] == [0.5] * 5 + [0.8] * 5 + [1.0] * 5
    assert found == samples.shown(model, Documents.of(TEST, model.tokenizer), 13)
    for one in found:
        assert len(one.prompt) == samples.PROMPT_TOKENS
        assert any(text.startswith(one.prompt) for text in TEST)
    assert len({one.prompt for one in found}) == 5
    assert len(samples.shown(model, Documents.of(TEST[:2], model.tokenizer), 13)) == 6


def test_what_is_shown_was_written_behind_the_whole_prompt(model: LanguageModel) -> None:
    found = samples.shown(model, Documents.of(TEST, model.tokenizer), 13)[:5]
    sampling = Sampling(temperature=0.5, seed=13)
    for row, one in enumerate(found):
        written = model.write(one.prompt, samples.SHOWN_TOKENS, sampling, row=row)
        assert written.cut == 0
        assert one.text == "".join(written)
        ids = model.tokenizer.encode([one.prompt])[0]
        assert model.generator.fit(ids, samples.SHOWN_TOKENS).ids == (model.tokenizer.end, *ids)


def test_what_stood_in_the_train_split_many_times_is_found_and_what_stood_once_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train = [*made.texts(120)["text"].tolist(), *([MANY] * 80)]
    train = np.random.default_rng(0).permutation(train).tolist()
    projects.write(train=[*train[:100], ONCE, *train[100:]])
    projects.exported(projects.settings(width=64, epochs=6), FILES.bundle)
    model = LanguageModel.open(FILES.bundle, codec.read)

    test = Documents.of(texts_of(FILES, "test"), model.tokenizer)
    chosen = GenerationEvaluate(samples=60, sample_tokens=47, seed=1, copied_length=30)
    found = samples.sampled(model, texts_of(FILES, "train"), test, chosen)
    assert found.generated.copied(30) > 0.05
    assert found.held_out.copied(30) == 0.0
    copied = {one.name: one for one in found.metrics()}["copied_share"]
    assert copied.value is not None and copied.baseline is not None
    assert copied.value > copied.baseline == 0.0

    assert samples.sampled(model, [ONCE], test, chosen).generated.overlaps.max() < 12
    # Nor where its beginning is given.
    written = model.continuations([ONCE[:20]] * 20, 25, Sampling(seed=2))
    assert not any(ONCE[20:32] in one.text for one in written)
