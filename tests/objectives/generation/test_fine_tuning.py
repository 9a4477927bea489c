from __future__ import annotations

import math

import numpy as np
import pytest

from assay.objectives.generation.bits import Losses
from assay.objectives.generation.fine_tuning import Both, FineTuning, Weights

TOKENS = np.array([10, 30, 20])


def _losses(nats_per_token: float, spread: float = 0.0) -> Losses:
    """Return documents of four bytes a token; the first costs more by ``spread``, the last less."""
    nats = TOKENS * (nats_per_token + np.array([spread, 0.0, -spread]))
    return Losses(nats, TOKENS, TOKENS * 4, TOKENS // 2)


def _tuned(*, other: bool = True) -> FineTuning:
    test = Both(_losses(3.0), _losses(2.0))
    if not other:
        return FineTuning("some/llama", Weights(200, 1000, rank=4), test)
    return FineTuning(
        "some/llama",
        Weights(200, 1000, rank=4),
        test,
        Both(_losses(2.0), _losses(2.1, 0.1)),
        "wikitext2: 3",
    )


def test_a_rise_worked_by_hand() -> None:
    rise = Both(_losses(2.0), _losses(2.1)).rise(200, 1)
    assert rise.value == pytest.approx(math.exp(0.1) - 1)
    assert rise.low == pytest.approx(rise.high), "every document rises by as much"
    unequal = Both(_losses(2.0), _losses(2.1, 0.1)).rise(200, 1)
    assert unequal.low < unequal.value < unequal.high  # type: ignore[operator]
    assert Both(_losses(2.0), _losses(1.9)).rise(0, 1).value == pytest.approx(math.exp(-0.1) - 1)


def test_other_tokens_are_no_comparison() -> None:
    other = Losses(np.ones(3), TOKENS + 1, TOKENS, TOKENS)
    with pytest.raises(ValueError, match="keeps the tokenizer"):
        Both(_losses(2.0), other)


def test_figures_are_records_of_which_less_is_better() -> None:
    found = {metric.name: metric for metric in _tuned().metrics(100, 1)}
    assert list(found) == [
        "before_bits_per_byte",
        "also_before_bits_per_byte",
        "also_before_token_perplexity",
        "also_bits_per_byte",
        "also_token_perplexity",
        "also_perplexity_rise",
    ]
    assert found["before_bits_per_byte"].value == pytest.approx(3 / math.log(2) / 4, abs=1e-6)
    assert found["also_before_token_perplexity"].value == pytest.approx(math.exp(2), abs=1e-6)
    after, was = (found[f"also_{name}token_perplexity"].value for name in ("", "before_"))
    assert after is not None
    assert was is not None
    assert found["also_perplexity_rise"].value == pytest.approx(after / was - 1, abs=1e-5)
    assert not any(metric.higher_is_better or metric.decisive for metric in found.values())


def test_without_another_corpus_one_figure_is_left() -> None:
    assert [one.name for one in _tuned(other=False).metrics(100, 1)] == ["before_bits_per_byte"]
    assert "wikitext2" not in _tuned(other=False).section(100, 1).words


def test_the_section_has_both_beside_each_other() -> None:
    words = _tuned().section(100, 1).words
    assert "some/llama as it came" in words
    row = next(line for line in words.splitlines() if "the test split" in line)
    assert [cell.strip() for cell in row.split("|")[2:6]] == ["1.082", "0.721", "20.086", "7.389"]
    assert "-63.2%" in row
    assert "+8.7%" in next(line for line in words.splitlines() if "wikitext2" in line)


def test_which_weights_were_trained_is_said() -> None:
    assert Weights(1000, 1000).words() == "All of its 1,000 weights were trained."
    words = _tuned(other=False).section(0, 1).words
    assert "Low-rank adapters of rank 4 were trained, 200 weights (20.00% of the" in words
