"""A challenger against the champion: who passes, who does not, and how often by chance alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.objectives.generation import champion_rules
from assay.objectives.generation.bits import Losses
from assay.objectives.generation.champion_rules import against
from tests.objectives.generation import made

CHAMPION = made.model(1.6)
LEVEL = 0.025


def _times(factor: float, spread: float = 0.02, seed: int = 5) -> Losses:
    """Return a challenger that needs ``factor`` times the champion's bits, but for chance."""
    noise = np.random.default_rng(seed).normal(1, spread, len(CHAMPION.nats))
    # The sum is exactly that many times the champion's.
    drawn = CHAMPION.nats * noise
    return made.losses(drawn * (factor * CHAMPION.nats.sum() / drawn.sum()))


def test_an_equal_model_passes_as_not_worse() -> None:
    settings = made.settings(gate={"margin": 0.01})
    for challenger in (CHAMPION, _times(1.0)):
        rule = against(challenger, CHAMPION, LEVEL, settings)
        assert rule.passed
        assert rule.figures["ratio"] == pytest.approx(1.0)
        assert rule.figures["challenger"] == pytest.approx(rule.figures["champion"])
        assert rule.figures["level"] == LEVEL
        assert rule.figures["rows"] == made.DOCUMENTS
        assert "not worse by 1.00%" in rule.required


def test_a_worse_model_fails_and_a_better_one_passes() -> None:
    settings = made.settings(gate={"margin": 0.01})
    worse = against(_times(1.03), CHAMPION, LEVEL, settings)
    assert not worse.passed
    assert worse.figures["ratio"] == pytest.approx(1.03)
    assert "+3.00%" in worse.found
    assert against(_times(0.9), CHAMPION, LEVEL, settings).passed


def test_a_model_at_the_margin_itself_is_not_let_in() -> None:
    settings = made.settings(gate={"margin": 0.01})
    rule = against(_times(1.01), CHAMPION, LEVEL, settings)
    assert rule.figures["p"] == pytest.approx(0.5, abs=1e-6)
    assert not rule.passed


def test_better_asks_for_more_than_as_good() -> None:
    settings = made.settings(gate={"policy": "better", "min_effect": 0.02})
    assert not against(CHAMPION, CHAMPION, LEVEL, settings).passed
    assert not against(_times(0.985), CHAMPION, LEVEL, settings).passed
    rule = against(_times(0.95), CHAMPION, LEVEL, settings)
    assert rule.passed
    assert "better by 2.00%" in rule.required


def test_the_error_that_a_look_may_spend_decides() -> None:
    settings, challenger = made.settings(gate={"margin": 0.01}), _times(1.008)
    p = against(challenger, CHAMPION, LEVEL, settings).figures["p"] or 0.0
    assert 0 < p < 0.5
    assert against(challenger, CHAMPION, p, settings).passed
    assert not against(challenger, CHAMPION, p * 0.99, settings).passed
    assert not against(challenger, CHAMPION, 0.0, settings).passed


def test_p_is_that_of_students_paired_t() -> None:
    challenger = _times(1.004)
    found = champion_rules.tested_ratio(challenger, CHAMPION, 1.01)
    theirs = stats.ttest_rel(challenger.nats, 1.01 * CHAMPION.nats, alternative="less")
    assert found.p == pytest.approx(float(theirs.pvalue))


@pytest.mark.parametrize(("documents", "level"), [(60, 0.05), (300, 0.05), (300, 0.01)])
@pytest.mark.parametrize("bound", [1.01, 0.98])
def test_a_model_at_the_bound_passes_no_more_often_than_the_level(
    documents: int, level: float, bound: float
) -> None:
    random, trials, passed = np.random.default_rng([documents, 7]), 2000, 0
    for _ in range(trials):
        size = random.lognormal(5, 0.7, documents).round() + 20
        champion = size * random.normal(1.1, 0.2, documents).clip(0.3)
        challenger = bound * champion * random.normal(1, 0.05, documents)
        own, old = made.losses(challenger, size), made.losses(champion, size)
        passed += champion_rules.tested_ratio(own, old, bound).p <= level
    # Four standard errors, and long documents, whose sums are not normal.
    allowed = 4 * (level * (1 - level) / trials) ** 0.5
    assert abs(passed / trials - level) < allowed + 0.1 * level


def test_a_small_gain_is_found_where_there_are_documents_enough() -> None:
    few, many = made.model(1.6, 20), made.model(1.6, 2000)
    random = np.random.default_rng(3)
    for champion, is_found in ((few, False), (many, True)):
        noise = random.normal(0.985, 0.1, len(champion.nats))
        challenger = made.losses(champion.nats * noise)
        assert (champion_rules.tested_ratio(challenger, champion, 1.0).p < LEVEL) is is_found


def test_equal_costs_of_every_document_are_decided_by_the_bound_alone() -> None:
    flat = Losses(np.full(9, 50.0), *(np.full(9, 10) for _ in range(3)))
    assert champion_rules.tested_ratio(flat, flat, 1.01).p == 0.0
    assert champion_rules.tested_ratio(flat, flat, 1.0).p == 1.0
    assert champion_rules.tested_ratio(flat, flat, 0.99).p == 1.0


def test_a_single_document_proves_nothing() -> None:
    one = Losses(np.array([50.0]), *(np.array([10]) for _ in range(3)))
    half = Losses(np.array([25.0]), *(np.array([10]) for _ in range(3)))
    assert champion_rules.tested_ratio(half, one, 1.01).p == 1.0
    assert not against(half, one, LEVEL, made.settings()).passed


def test_bundles_measured_on_other_documents_are_refused() -> None:
    for other in (made.model(1.6, 299), made.losses(CHAMPION.nats, made.sizes(seed=8))):
        with pytest.raises(ValueError, match="same documents"):
            against(other, CHAMPION, LEVEL, made.settings())
