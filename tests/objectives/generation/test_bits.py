from __future__ import annotations

import math

import numpy as np
import pytest

from assay.objectives.generation.bits import Figures, Losses, compared, figures
from assay.objectives.generation.intervals import Estimate
from assay.objectives.generation.kneser_ney import KneserNey

TEXTS = ["so  it goes", "明月幾時有", ""]


def drawn(seed: int, documents: int, loss: float) -> Losses:
    random = np.random.default_rng(seed)
    tokens = np.random.default_rng(0).integers(5, 60, documents)
    return Losses(random.normal(loss, 0.1, documents) * tokens, tokens, tokens * 4, tokens // 2)


def differences(model: Losses, baseline: Losses, resamples: int, seed: int) -> Figures:
    own, base, found = compared(model, baseline, resamples, seed)
    assert own == figures(model, resamples, seed)
    assert base == figures(baseline, resamples, seed)
    return found


def test_sums_by_document_are_those_of_text_and_tokens() -> None:
    nats = [np.array([1.0, 2.0, 0.5]), np.array([4.0, 1.0]), np.array([0.25])]
    found = Losses.summed(nats, TEXTS)
    assert found.nats.tolist() == [3.5, 5.0, 0.25]
    assert found.tokens.tolist() == [3, 2, 1]
    assert found.size.tolist() == [11, 15, 0]
    assert found.words.tolist() == [3, 1, 0]


def test_figures_worked_by_hand() -> None:
    losses = Losses.summed([np.full(3, 2.0), np.full(2, 1.0), np.full(1, 1.0)], TEXTS)
    found = figures(losses, 0, 1)
    assert found.bits_per_byte.value == pytest.approx(9 / math.log(2) / 26)
    assert found.bits_per_byte == Estimate(found.bits_per_byte.value, None, None)
    assert found.token_perplexity.value == pytest.approx(math.exp(9 / 6))
    assert found.word_perplexity.value == pytest.approx(math.exp(9 / 4))


def test_a_uniform_model_of_bytes_needs_eight_bits_and_the_end() -> None:
    text = "Nothing is known."
    losses = Losses.summed([np.full(len(text) + 1, math.log(256))], [text])
    found = figures(losses, 100, 1)
    assert found.bits_per_byte.value == pytest.approx(8 * (len(text) + 1) / len(text))
    assert found.token_perplexity.value == pytest.approx(256)


def test_intervals_hold_the_figures_and_shrink_with_more_documents() -> None:
    few, many = (figures(drawn(1, documents, 2.0), 500, 3) for documents in (20, 2000))
    for name in ("bits_per_byte", "token_perplexity", "word_perplexity"):
        widths = []
        for found in (getattr(few, name), getattr(many, name)):
            assert found.low < found.value < found.high
            widths.append(found.high - found.low)
        assert widths[1] < widths[0] / 4


def test_the_same_seed_gives_the_same_interval() -> None:
    losses = drawn(1, 30, 2.0)
    assert figures(losses, 200, 3) == figures(losses, 200, 3) != figures(losses, 200, 4)


def test_a_difference_is_paired() -> None:
    model = drawn(1, 200, 2.0)
    # What is hard for one is as hard for the other: it loses a tenth more on every document.
    baseline = Losses(model.nats * 1.1, model.tokens, model.size, model.words)
    found = differences(model, baseline, 500, 3).bits_per_byte
    alone = figures(model, 500, 3).bits_per_byte
    assert found.value == pytest.approx(-0.1 * (alone.value or 0))
    assert found.low is not None and found.high is not None
    assert alone.low is not None and alone.high is not None
    assert found.high - found.low == pytest.approx(0.1 * (alone.high - alone.low))
    assert differences(model, model, 500, 3).bits_per_byte == Estimate(0, 0, 0)


def test_models_of_different_tokenizers_are_compared_by_byte() -> None:
    model = drawn(1, 50, 2.0)
    baseline = Losses(model.nats, model.tokens * 4, model.size, model.words)
    found = differences(model, baseline, 100, 1)
    assert found.bits_per_byte == Estimate(0, 0, 0)
    assert found.token_perplexity.value is not None
    assert found.token_perplexity.value > 0


def test_an_ngram_model_is_measured_like_a_network() -> None:
    texts = ["abab", "ab", "ababab"]
    ids = [[ord(letter) - ord("a") for letter in text] for text in texts]
    fitted = KneserNey.fitted(ids, 3, 3, 2)
    uniform = [np.full(len(own) + 1, math.log(3)) for own in ids]
    losses = Losses.summed([fitted.nats(own) for own in ids], texts)
    found = differences(losses, Losses.summed(uniform, texts), 100, 1)
    assert found.bits_per_byte.high is not None
    assert found.bits_per_byte.high < 0


def test_texts_without_bytes_or_words_leave_figures_undefined() -> None:
    found = figures(Losses.summed([np.ones(1), np.ones(1)], ["", ""]), 50, 1)
    undefined = Estimate(None, None, None)
    assert (found.bits_per_byte, found.word_perplexity) == (undefined, undefined)
    assert found.token_perplexity.value == pytest.approx(math.e)


def test_a_perplexity_that_exceeds_a_float_is_none() -> None:
    # 400 Chinese characters between two spaces are one word.
    losses = Losses.summed([np.full(401, 5.0)] * 2, ["水" * 400] * 2)
    found = figures(losses, 50, 1)
    assert found.word_perplexity == Estimate(None, None, None)
    assert differences(losses, losses, 50, 1).word_perplexity == Estimate(None, None, None)
    assert found.bits_per_byte.value == pytest.approx(401 * 5 / math.log(2) / 1200)


def test_losses_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one for each document"):
        Losses.summed([np.ones(3)], ["a", "b"])
    with pytest.raises(ValueError, match="one for each document"):
        Losses.summed([], [])
    with pytest.raises(ValueError, match="same texts"):
        differences(drawn(1, 5, 2.0), drawn(1, 6, 2.0), 10, 1)
