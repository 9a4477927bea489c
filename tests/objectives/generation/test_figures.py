from __future__ import annotations

import math

import numpy as np
import pytest

from assay.objectives.generation.figures import NAMES, Scores, compare
from tests.objectives.generation import made


def test_every_figure_is_what_the_sums_say() -> None:
    own, base = made.scores(1.5), made.scores(2.0, seed=2)
    found = {one.name: one for one in compare(own, base.losses, 300, 1).metrics()}
    nats, tokens = own.losses.nats.sum(), own.losses.tokens.sum()
    assert found["bits_per_byte"].value == pytest.approx(
        nats / math.log(2) / own.losses.size.sum(), abs=1e-6
    )
    assert found["nats_per_token"].value == pytest.approx(nats / tokens, abs=1e-6)
    assert found["token_perplexity"].value == pytest.approx(math.exp(nats / tokens), abs=1e-5)
    words = own.losses.words.sum()
    assert found["word_perplexity"].value == pytest.approx(math.exp(nats / words), rel=1e-6)
    assert found["next_token"].value == pytest.approx(own.right.sum() / tokens, abs=1e-6)
    for one in found.values():
        assert one.value is not None and one.low is not None and one.high is not None
        assert one.low < one.value < one.high


def test_the_baseline_and_the_difference_stand_beside_each_figure() -> None:
    own, base = made.scores(1.5), made.scores(2.0, seed=2)
    found = {one.name: one for one in compare(own, base.losses, 300, 1).metrics()}
    backwards = {one.name: one for one in compare(base, own.losses, 300, 1).metrics()}
    for name in ("bits_per_byte", "nats_per_token", "token_perplexity", "word_perplexity"):
        assert found[name].baseline == backwards[name].value
    for name in ("bits_per_byte", "token_perplexity", "word_perplexity"):
        one, other = found[name], backwards[name]
        assert one.value is not None and one.baseline is not None
        assert one.difference == pytest.approx(one.value - one.baseline, rel=1e-5)
        assert other.difference == pytest.approx(-(one.difference or 0))
        assert (one.difference_low or 0) < (one.difference or 0) < (one.difference_high or 0)
    assert found["next_token"].baseline is None


def test_less_is_better_but_of_tokens_that_are_right() -> None:
    metrics = compare(made.scores(1.5), made.scores(2.0).losses, 50, 1).metrics()
    assert [one.name for one in metrics if one.higher_is_better] == ["next_token"]
    assert [one.name for one in metrics if one.decisive] == [NAMES.decisive]
    assert tuple(one.name for one in metrics if one.headline) == NAMES.headlines


@pytest.mark.parametrize(
    ("own", "base", "better"),
    [(1.5, 2.0, "model"), (2.0, 1.5, "baseline"), (1.5, 1.5, "neither"), (1.5, 1.502, "neither")],
)
def test_bits_per_byte_beyond_chance_decide_which_is_better(
    own: float, base: float, better: str
) -> None:
    assert compare(made.scores(own), made.scores(base, seed=2).losses, 300, 1).better == better


def test_without_draws_nothing_is_better() -> None:
    assert compare(made.scores(1.0), made.scores(9.0).losses, 0, 1).better == "neither"
    assert compare(made.scores(1.0, 1), made.scores(9.0, 1).losses, 100, 1).better == "neither"


def test_equal_seeds_give_equal_figures() -> None:
    own, base = made.scores(1.5), made.scores(2.0, seed=2)
    assert compare(own, base.losses, 100, 1) == compare(own, base.losses, 100, 1)
    assert compare(own, base.losses, 100, 1) != compare(own, base.losses, 100, 2)


def test_texts_without_a_word_have_no_perplexity_per_word() -> None:
    known = np.full(30, 5.0)
    own = Scores(made.losses(np.full(30, 9.0), known), np.zeros(30, dtype=np.int64))
    found = {one.name: one for one in compare(own, own.losses, 20, 1).metrics()}
    assert found["word_perplexity"].value is None
    assert found["next_token"].value == 0.0
    assert found["bits_per_byte"].value == pytest.approx(9 / 5 / math.log(2), abs=1e-6)


def test_other_documents_are_refused() -> None:
    with pytest.raises(ValueError, match="same texts"):
        compare(made.scores(1.5), made.scores(2.0, 299).losses, 50, 1)
