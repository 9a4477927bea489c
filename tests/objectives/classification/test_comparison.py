from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.classification import comparison, intervals, metrics
from assay.objectives.classification.comparison import Comparison, Difference
from tests.objectives.classification.made import certain, drawn


def compare(skill: float, other: float) -> Comparison:
    return comparison.compare(
        drawn(600, 3, skill, 1), drawn(600, 3, other, 2), resamples=300, seed=13
    )


@pytest.mark.parametrize(
    ("skill", "other", "better"), [(3, 1, "model"), (1, 3, "baseline"), (1.5, 1.5, "neither")]
)
def test_better_is_who_is_ahead_beyond_chance(skill: float, other: float, better: str) -> None:
    assert compare(skill, other).better == better


def test_ahead_in_one_and_behind_in_the_other_is_neither() -> None:
    found = compare(3, 1)
    apart = {
        "accuracy": Difference(0.1, (0.05, 0.15)),
        "macro_f1": Difference(-0.1, (-0.15, -0.05)),
    }
    assert Comparison(**(vars(found) | {"difference": apart})).better == "neither"


def test_a_paired_interval_is_narrower_than_two_single_ones() -> None:
    first = drawn(600, 3, 1.5, 1)
    # The same answers but for a few rows.
    changed = first.probabilities.copy()
    changed[:20] = np.roll(changed[:20], 1, axis=1)
    second = type(first)(first.truth, changed, first.labels)
    found = comparison.compare(first, second, resamples=500, seed=13)
    low, high = found.difference["accuracy"].interval
    single_low, single_high = found.intervals["accuracy"]
    assert high - low < (single_high - single_low) / 2


def test_the_difference_is_that_of_the_figures() -> None:
    found = compare(2, 1)
    model, baseline = found.model["macro_f1"], found.baseline["macro_f1"]
    assert model is not None
    assert baseline is not None
    assert found.difference["macro_f1"].value == model - baseline


def test_what_is_recorded_is_rounded_and_complete() -> None:
    compared = compare(2, 1)
    recorded = compared.metrics()
    assert tuple(metric.name for metric in recorded) == metrics.NAMES
    for metric in recorded:
        value = compared.model[metric.name]
        assert value is not None
        assert metric.value == round(value, 6)
        assert metric.value != value, "it was not rounded"
        assert metric.title == metrics.TITLES[metric.name]
    assert {metric.name for metric in recorded if metric.difference is not None} == {
        "accuracy", "macro_f1", "roc_auc",
    }  # fmt: skip
    assert {metric.name for metric in recorded if metric.low is not None} == set(intervals.NAMES)
    assert {metric.name for metric in recorded if metric.decisive} == {"accuracy", "macro_f1"}
    assert {metric.name for metric in recorded if not metric.higher_is_better} == {
        "log_loss", "calibration_error",
    }  # fmt: skip
    accuracy = recorded[0]
    low, high = compared.intervals["accuracy"]
    assert (accuracy.low, accuracy.high) == (round(low, 6), round(high, 6))
    lead = compared.difference["accuracy"]
    assert accuracy.difference == round(lead.value, 6)
    assert (accuracy.difference_low, accuracy.difference_high) == tuple(
        round(bound, 6) for bound in lead.interval
    )
    assert accuracy.baseline == round(compared.baseline["accuracy"] or 0, 6)


def test_a_single_class_leaves_roc_auc_null_and_without_interval() -> None:
    result = certain([0, 0, 0], [0, 1, 0], 2)
    compared = comparison.compare(result, result, resamples=100, seed=1)
    (area,) = (metric for metric in compared.metrics() if metric.name == "roc_auc")
    assert (area.value, area.baseline) == (None, None)
    assert (area.low, area.high) == (None, None)
    assert (area.difference, area.difference_low, area.difference_high) == (None, None, None)
    assert compared.better == "neither"
