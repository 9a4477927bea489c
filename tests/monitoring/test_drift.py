"""A year without drift raises few alarms, real drift is found, and refusals say why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.errors import InputRefused
from assay.monitoring.drift import FEWEST_ROWS, Drift, compare
from assay.monitoring.measures import outputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from assay.monitoring.two_sample import Counts, FloatArray

YEARS, TICKS, ERROR = 1000, 52, 0.05
REFERENCE, CURRENT = 120, 40
NEARLY = 0.27  # of these rows: greater statistics have a p-value below 0.02, others above 0.025


def tick(
    reference: Mapping[str, FloatArray | Counts], current: Mapping[str, FloatArray | Counts]
) -> Drift:
    return compare(reference, current, error=ERROR, ticks_a_year=TICKS)


def probabilities(rows: int, negative: float, seed: int, skill: float = 2.0) -> FloatArray:
    """Return what a classifier of two classes answers; a share of the rows is negative."""
    random = np.random.default_rng(seed)
    truth = random.random(rows) < negative
    logits = random.normal(size=rows) + np.where(truth, skill, -skill)
    answers: FloatArray = 1 / (1 + np.exp(-logits))
    return answers


def images(rows: int, brightness: float, seed: int) -> dict[str, FloatArray]:
    """Return brightness and contrast of pictures that a camera exposed alike."""
    random = np.random.default_rng(seed)
    scene = random.uniform(0.3, 1.0, size=(rows, 1))
    pixels = np.clip(brightness * scene * random.random((rows, 256)), 0, 1)
    return {"brightness": pixels.mean(axis=1), "contrast": pixels.std(axis=1)}


def distances(reference: NDArray[np.float64], ticks: NDArray[np.float64]) -> FloatArray:
    """Return the Kolmogorov-Smirnov statistic of each tick of a year with its reference."""
    pooled = np.concatenate([np.broadcast_to(reference, (TICKS, REFERENCE)), ticks], axis=1)
    order = np.argsort(pooled, axis=1)
    steps = np.where(order < REFERENCE, 1 / REFERENCE, -1 / CURRENT)
    found: FloatArray = np.abs(np.cumsum(steps, axis=1)).max(axis=1)
    return found


def test_a_year_without_drift_alarms_in_at_most_one_of_twenty() -> None:
    """Only ticks that could alarm, even if ticks did not share the error, are tested one by one.

    The p-value falls as the statistic grows, so the greatest statistic that is left out stands for
    all of them.
    """
    random = np.random.default_rng(7)
    alarms, left_out = 0, (0.0, {"a": np.zeros(1)}, {"a": np.zeros(1)})
    for _ in range(YEARS):
        # Measures of the same rows are related, and ticks of a year share their reference.
        reference = np.cumsum(random.normal(size=(2, REFERENCE)), axis=0)
        ticks = np.cumsum(random.normal(size=(2, TICKS, CURRENT)), axis=0)
        before = {"a": reference[0], "b": reference[1]}
        year = [{"a": first, "b": second} for first, second in zip(*ticks, strict=True)]
        apart = np.maximum(*(distances(*sides) for sides in zip(reference, ticks, strict=True)))
        alarms += any(tick(before, year[one]).alarm for one in np.flatnonzero(apart > NEARLY))
        apart[apart > NEARLY] = 0
        if apart.max() > left_out[0]:
            left_out = (apart.max(), before, year[apart.argmax()])
    assert not compare(*left_out[1:], error=ERROR, ticks_a_year=1).alarm
    # The test is not so cautious that it never alarms.
    assert 0 < alarms <= ERROR * YEARS


def test_the_error_is_shared_by_ticks_and_measures() -> None:
    random = np.random.default_rng(3)
    sides = [{str(one): random.normal(size=50) for one in range(4)} for _ in (1, 2)]
    found = tick(*sides)
    assert found.level == pytest.approx(0.05 / 52)
    assert found.measure_level == pytest.approx(0.05 / 52 / 4)


def test_a_p_value_between_the_levels_is_an_alarm_of_one_tick_and_of_no_year() -> None:
    reference, current = np.arange(100.0), np.arange(50.0) + 31
    once = compare({"a": reference}, {"a": current}, error=0.05, ticks_a_year=1)
    (measure,) = once.measures
    assert 0.05 / 52 < measure.p_value < 0.05
    assert once.alarm
    assert not tick({"a": reference}, {"a": current}).alarm


def test_no_error_means_no_alarm() -> None:
    sides = ({"a": np.zeros(5000), "b": np.ones(5000)}, {"a": np.ones(5000), "b": np.ones(5000)})
    assert not compare(*sides, error=0.0, ticks_a_year=52).alarm
    counts = ({"a": {"x": 50}}, {"a": {"y": 50}})
    assert not compare(*counts, error=0.0, ticks_a_year=52).alarm


def test_a_shifted_class_mix_is_found_in_the_outputs() -> None:
    reference = probabilities(1000, 0.4, 1)
    same, shifted = probabilities(500, 0.4, 2), probabilities(500, 0.6, 3)
    names = ("negative", "positive")
    before = outputs(np.stack([reference, 1 - reference], axis=1), names)
    for current, alarm in ((same, False), (shifted, True)):
        found = tick(before, outputs(np.stack([current, 1 - current], axis=1), names))
        assert [measure.name for measure in found.measures] == ["output: negative"]
        assert found.alarm is alarm


def test_more_than_two_outputs_are_a_measure_each() -> None:
    assert list(outputs(np.ones((30, 3)) / 3, ("a", "b", "c"))) == [
        "output: a",
        "output: b",
        "output: c",
    ]


def test_darker_images_are_found() -> None:
    before = images(1000, 1.0, 1)
    assert not tick(before, images(200, 1.0, 2)).alarm
    assert tick(before, images(200, 0.8, 3)).alarm


def test_longer_texts_are_found() -> None:
    random = np.random.default_rng(5)
    before, after = np.floor(random.lognormal(4, 0.7, 1000)), random.lognormal(4, 0.7, 300)
    assert not tick({"characters": before}, {"characters": np.floor(after)}).alarm
    assert tick({"characters": before}, {"characters": np.floor(after * 1.5)}).alarm


def test_a_measure_that_is_missing_more_often_drifts() -> None:
    random = np.random.default_rng(5)
    before, after = random.normal(size=(2, 400))
    assert not tick({"a": before}, {"a": after}).alarm
    holes = np.where(np.arange(400) % 3 == 0, np.nan, after)
    assert tick({"a": before}, {"a": holes}).alarm
    # As many holes on both sides are no change, and stand apart from every number.
    assert not tick({"a": np.where(np.arange(400) % 3 == 1, np.nan, before)}, {"a": holes}).alarm
    assert tick({"a": np.where(np.isnan(holes), 0.0, before)}, {"a": holes}).alarm


def test_a_constant_measure_does_not_drift_and_another_constant_does() -> None:
    assert not tick({"a": np.zeros(100)}, {"a": np.zeros(50)}).alarm
    assert tick({"a": np.zeros(100)}, {"a": np.ones(50)}).alarm


def test_numbers_and_categories_are_tested_together_smallest_p_first() -> None:
    random = np.random.default_rng(5)
    found = tick(
        {"length": random.normal(size=300), "colour": {"red": 200, "blue": 100}},
        {"length": random.normal(size=100), "colour": {"red": 20, "blue": 60, "green": 20}},
    )
    assert [measure.name for measure in found.measures] == ["colour", "length"]
    assert [measure.alarm for measure in found.measures] == [True, False]
    assert (found.rows_reference, found.rows_current) == (300, 100)


@pytest.mark.parametrize(("rows", "tested"), [(FEWEST_ROWS - 1, False), (FEWEST_ROWS, True)])
def test_too_few_rows_are_not_tested_and_that_is_told(rows: int, tested: bool) -> None:
    found = tick({"a": np.zeros(500)}, {"a": np.ones(rows)})
    assert found.alarm is tested
    assert bool(found.measures) is tested
    assert found.note == ("" if tested else "not tested: 19 current rows, 20 required")


def test_a_small_reference_is_named() -> None:
    found = tick({"a": np.zeros(5)}, {"a": np.ones(50)})
    assert found.note == "not tested: 5 reference rows, 20 required"


@pytest.mark.parametrize(
    ("current", "words"),
    [
        ({"a": np.ones(50)}, "measures of one side alone: b"),
        ({"a": np.ones(50), "b": np.ones(49)}, r"current measures.*a: 50 rows, b: 49 rows"),
        ({"a": np.ones(50), "b": {"x": 50}}, "'b' is a number on one side and a category"),
    ],
)
def test_sides_that_do_not_fit_are_refused(
    current: dict[str, FloatArray | Counts], words: str
) -> None:
    with pytest.raises(InputRefused, match=words):
        tick({"a": np.ones(60), "b": np.ones(60)}, current)


def test_no_measure_at_all_is_refused() -> None:
    with pytest.raises(InputRefused, match="there is no measure"):
        tick({}, {})


def test_equal_rows_give_an_equal_record() -> None:
    sides = ({"a": {"x": 90, "y": 10, "z": 4}}, {"a": {"z": 9, "x": 60, "y": 20}})
    turned = ({"a": {"z": 4, "y": 10, "x": 90}}, {"a": {"y": 20, "x": 60, "z": 9}})
    assert tick(*sides) == tick(*turned)
    assert Drift.model_validate_json(tick(*sides).model_dump_json()) == tick(*sides)
