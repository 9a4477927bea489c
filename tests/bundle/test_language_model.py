from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle import manifest
from assay.bundle.language_model import LanguageModel
from assay.bundle.sampling import Sampling
from assay.errors import BundleRefused, UsageError
from assay.modalities.text import codec
from assay.paths import ModelPaths
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

    from assay.bundle.scoring import Scored

pytestmark = pytest.mark.processor

BUNDLE = ModelPaths(made.MODEL).bundle
GREEDY = Sampling(temperature=0)
PROMPTS = ("", "coffee", "the warm music garden")


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> LanguageModel:
    return LanguageModel.open(made.built_generator(checkpoint) / BUNDLE, codec.read)


@pytest.fixture
def folder(checkpoint: Path, tmp_path: Path) -> Path:
    """Return a copy of a real bundle, to be spoiled."""
    copy = tmp_path / "bundle"
    shutil.copytree(made.built_generator(checkpoint) / BUNDLE, copy)
    return copy


def test_it_says_what_it_is(model: LanguageModel) -> None:
    assert (model.manifest.data, model.manifest.task) == ("text", "generation")
    assert model.precision == model.manifest.precision
    assert model.provider == "CPUExecutionProvider"
    assert model.generator.context == 48
    assert model.tokenizer.size == model.generator.vocabulary
    assert model.generator.start == model.tokenizer.end
    assert model.generator.stop == {model.tokenizer.end}


def test_texts_that_are_written_alone_are_those_of_a_batch(model: LanguageModel) -> None:
    sampling = Sampling(temperature=0.8, seed=4)
    together = model.continuations(PROMPTS, 25, sampling)
    for row, (prompt, one) in enumerate(zip(PROMPTS, together, strict=True)):
        written = model.write(prompt, 25, sampling, row=row)
        assert "".join(written) == one.text
        assert (written.tokens, written.ending, written.cut) == (one.tokens, one.ending, one.cut)
    assert len({one.text for one in together}) == 3
    assert model.continuations([], 25, sampling) == []


def test_a_continuation_is_no_repetition_of_the_prompt(model: LanguageModel) -> None:
    (found,) = model.continuations(["coffee"], 20, GREEDY)
    ids = model.tokenizer.encode(["coffee"])[0]
    assert model.tokenizer.encode([found.text])[0] == [*model.generator.stream(ids, 20, GREEDY)]
    assert found.tokens == len(found.text), "a token a character"


def test_a_prompt_that_is_too_long_loses_its_beginning(model: LanguageModel) -> None:
    long = "menu hotel music " * 8
    found, short = model.continuations([long, long[-48:]], 20, GREEDY)
    assert found.cut == len(long) - 48
    assert (found.text, short.cut) == (short.text, 0)
    assert model.write(long, 20, GREEDY).cut == found.cut


def test_a_text_ends_before_what_stops_it(model: LanguageModel) -> None:
    whole = "".join(model.write("coffee ", 30, GREEDY))
    stop = whole[5:7]
    written = model.write("coffee ", 30, GREEDY, stop=[stop])
    assert "".join(written) == whole[: whole.index(stop)]
    assert written.ending == "stop"


def test_a_document_is_paid_for_with_its_end(model: LanguageModel) -> None:
    texts = ["coffee river", "", "a" * 100, "汉"]
    for text, one in zip(texts, _scored(model, texts), strict=True):
        assert one.nats.shape == one.likeliest.shape == (len(text) + 1,)


def test_it_knows_what_it_learned_from(model: LanguageModel) -> None:
    learned = np.concatenate([one.nats for one in _scored(model, made.texts(20)["text"].tolist())])
    other = np.concatenate([one.nats for one in _scored(model, ["xqzvk jwvq " * 3] * 3)])
    assert learned.mean() < 0.8 * np.log(model.tokenizer.size) < other.mean()


def test_unknown_characters_are_counted(model: LanguageModel) -> None:
    assert model.unknown("coffee") == 0
    assert model.unknown("汉 coffee ЖЖ") == 3
    assert model.unknown("") == 0


def test_a_text_that_spells_the_end_of_a_document_does_not_end_it(model: LanguageModel) -> None:
    assert model.tokenizer.end not in model.tokenizer.encode([codec.END])[0]
    assert model.write(codec.END, 3, GREEDY).cut == 0
    assert _scored(model, [codec.END])[0].nats.shape == (len(codec.END) + 1,)


def _scored(model: LanguageModel, texts: list[str]) -> list[Scored]:
    """Return what documents and their ends cost."""
    ids = model.tokenizer.encode(texts)
    return list(model.generator.scorer().all_scored([*one, model.tokenizer.end] for one in ids))


@pytest.mark.parametrize("count", [0, -1])
def test_no_token_at_all_is_refused(model: LanguageModel, count: int) -> None:
    with pytest.raises(UsageError, match=f"{count} tokens"):
        model.write("coffee", count, GREEDY)
    with pytest.raises(UsageError, match=f"{count} tokens"):
        model.continuations(["coffee"], count, GREEDY)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "golden.parquet"])
def test_altered_and_missing_bytes_are_refused(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleRefused, match=name):
        LanguageModel.open(folder, codec.read)
    (folder / name).unlink()
    with pytest.raises(BundleRefused, match=name):
        LanguageModel.open(folder, codec.read)


@pytest.mark.parametrize("name", ["context", "start", "stop"])
def test_a_manifest_that_does_not_say_its_tokens_is_refused(folder: Path, name: str) -> None:
    stated = manifest.read(folder)
    rest = {key: value for key, value in stated.encoder.items() if key != name}
    manifest.write(folder, stated.model_copy(update={"encoder": rest}))
    with pytest.raises(BundleRefused, match=f"does not say {name}"):
        LanguageModel.open(folder, codec.read)


def test_a_graph_that_does_not_generate_is_refused(folder: Path, checkpoint: Path) -> None:
    classifier = made.built(checkpoint) / BUNDLE
    shutil.copyfile(classifier / "model.onnx", folder / "model.onnx")
    manifest.write(folder, manifest.read_alone(folder))
    with pytest.raises(BundleRefused, match="does not generate"):
        LanguageModel.open(folder, codec.read)
