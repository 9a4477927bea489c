from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from scipy import stats
from transformers import (
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from assay.bundle.sampling import Sampler, Sampling, probabilities
from assay.errors import UsageError

if TYPE_CHECKING:
    from typing import Any

    Array = np.ndarray[Any, Any]

NONE = np.zeros(5, dtype=np.bool_)
# Of five tokens, 0.4, 0.3, 0.15, 0.1 and 0.05 of the probability, in another order.
SHARES = np.array([0.1, 0.4, 0.05, 0.3, 0.15])
LOGITS = np.log(SHARES).astype(np.float32) + 3


def _kept(**settings: Any) -> set[int]:
    found = probabilities(LOGITS, NONE, Sampling(**settings))
    assert found.sum() == pytest.approx(1)
    return set(np.flatnonzero(found))


def test_nothing_is_left_out_unless_asked_for() -> None:
    found = probabilities(LOGITS, NONE, Sampling())
    np.testing.assert_allclose(found, SHARES, rtol=1e-6)


@pytest.mark.parametrize(
    ("count", "kept"),
    [(1, {1}), (2, {1, 3}), (4, {0, 1, 3, 4}), (5, set(range(5))), (9, set(range(5)))],
)
def test_top_k_leaves_the_k_most_probable(count: int, kept: set[int]) -> None:
    assert _kept(top_k=count) == kept


@pytest.mark.parametrize(
    ("share", "kept"),
    [
        (1e-9, {1}),
        (0.39, {1}),
        (0.41, {1, 3}),
        (0.69, {1, 3}),
        (0.71, {1, 3, 4}),
        (0.86, {0, 1, 3, 4}),
        (0.96, set(range(5))),
        (1.0, set(range(5))),
    ],
)
def test_top_p_leaves_the_fewest_that_have_the_share(share: float, kept: set[int]) -> None:
    assert _kept(top_p=share) == kept


def test_what_is_left_keeps_its_proportions() -> None:
    for settings in ({"top_k": 3}, {"top_p": 0.8}):
        found = probabilities(LOGITS, NONE, Sampling(**settings))
        np.testing.assert_allclose(found, np.where(SHARES > 0.12, SHARES, 0) / 0.85, rtol=1e-6)


def test_top_p_counts_what_top_k_left() -> None:
    assert _kept(top_k=2, top_p=0.5) == {1}, "0.4 of 0.7 is more than half"


def test_of_equals_the_lowest_ids_are_left() -> None:
    logits = np.array([0.0, 1, 1, 1, 0], dtype=np.float32)
    for settings in ({"top_k": 2}, {"top_p": 0.5}):
        found = probabilities(logits, NONE, Sampling(**settings))
        assert set(np.flatnonzero(found)) == {1, 2}
    assert probabilities(logits, NONE, Sampling(temperature=0)).argmax() == 1
    assert probabilities(logits, NONE, Sampling(top_k=4)).nonzero()[0].tolist() == [0, 1, 2, 3]


def test_a_temperature_divides_the_logits() -> None:
    for temperature in (0.5, 2.0):
        expected = SHARES ** (1 / temperature)
        found = probabilities(LOGITS, NONE, Sampling(temperature=temperature))
        np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-6)


def test_the_limits_of_temperature_are_no_special_numbers() -> None:
    certain = [0, 1, 0, 0, 0]
    for temperature in (0, 1e-300, 5e-324, 1e-4):
        found = probabilities(LOGITS, NONE, Sampling(temperature=temperature))
        np.testing.assert_array_equal(found, certain)
    found = probabilities(LOGITS, NONE, Sampling(temperature=1e300))
    np.testing.assert_allclose(found, 0.2)


def test_what_was_seen_is_made_less_probable_whatever_its_sign() -> None:
    logits = np.array([2.0, -2.0, 0.5, 0.5], dtype=np.float32)
    seen = np.array([True, True, False, True])
    found = probabilities(logits, seen, Sampling(repetition_penalty=1.5))
    expected = np.exp([2 / 1.5, -3, 0.5, 0.5 / 1.5])
    np.testing.assert_allclose(found, expected / expected.sum())
    assert logits.tolist() == [2.0, -2.0, 0.5, 0.5], "what it was given stays"


@pytest.mark.parametrize("seed", range(5))
def test_all_together_are_those_of_transformers(seed: int) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0, 3, 400).astype(np.float32)
    seen = random.random(400) < 0.1
    ids = torch.from_numpy(np.flatnonzero(seen)).unsqueeze(0)
    for temperature, count, share, penalty in itertools.product(
        (0.3, 1.0, 1.7), (1, 40, 400), (0.1, 0.9, 0.999), (1.0, 1.3)
    ):
        scores = torch.from_numpy(logits).double().unsqueeze(0)
        for warper in (
            RepetitionPenaltyLogitsProcessor(penalty),
            TemperatureLogitsWarper(temperature),
            TopKLogitsWarper(count),
            TopPLogitsWarper(share),
        ):
            scores = warper(ids, scores)
        expected = scores.softmax(dim=-1)[0].numpy()
        sampling = Sampling(temperature, count, share, penalty)
        np.testing.assert_allclose(probabilities(logits, seen, sampling), expected, atol=1e-12)


def _drawn(sampling: Sampling, logits: Array, count: int, row: int = 0) -> list[int]:
    sampler = Sampler(sampling, [], len(logits), row)
    return [sampler.next(logits) for _ in range(count)]


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_tokens_are_drawn_as_often_as_they_are_probable(temperature: float) -> None:
    sampling = Sampling(temperature=temperature, seed=11)
    count = 4000
    found = np.bincount(_drawn(sampling, LOGITS, count), minlength=5)
    expected = SHARES ** (1 / temperature)
    assert stats.chisquare(found, count * expected / expected.sum()).pvalue > 0.001
    other = SHARES ** (1 / (temperature * 1.5))
    assert stats.chisquare(found, count * other / other.sum()).pvalue < 0.001, "it can tell"


def test_what_has_no_probability_is_never_drawn() -> None:
    assert set(_drawn(Sampling(top_k=2, seed=1), LOGITS, 500)) == {1, 3}
    assert set(_drawn(Sampling(temperature=0, seed=1), LOGITS, 50)) == {1}
    last = np.array([0.0, 0, -np.inf], dtype=np.float32)
    assert set(_drawn(Sampling(seed=1), last, 500)) == {0, 1}


def test_a_seed_decides_and_rows_of_it_differ() -> None:
    logits = np.zeros(1000, dtype=np.float32)
    first = _drawn(Sampling(seed=5), logits, 20)
    assert _drawn(Sampling(seed=5), logits, 20) == first
    assert _drawn(Sampling(seed=6), logits, 20) != first
    assert _drawn(Sampling(seed=5), logits, 20, row=1) != first


def test_prompt_and_drawn_tokens_are_both_seen() -> None:
    logits = np.array([5.0, 4, 3, 0], dtype=np.float32)
    sampler = Sampler(Sampling(temperature=0, repetition_penalty=100), [0], 4)
    assert [sampler.next(logits) for _ in range(3)] == [1, 2, 0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("top_k", 0),
        ("top_p", 0.0),
        ("top_p", 1.01),
        ("top_p", float("nan")),
        ("repetition_penalty", 0.0),
        ("repetition_penalty", float("inf")),
        ("seed", -1),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"{name} is {value}") as refusal:
        Sampling(**{name: value})  # type: ignore[arg-type]
    assert refusal.value.expected
