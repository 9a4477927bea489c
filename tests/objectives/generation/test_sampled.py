from __future__ import annotations

import pytest

from assay.objectives.generation.sampled import COPIED
from tests.objectives.generation import made

TRAIN = ("the quick brown fox jumps over the lazy dog", "pack my box with five dozen jugs")


def test_copied_texts_are_counted_from_a_length_on() -> None:
    generated = ["quick brown fox", "xx quick brow xx", "zzz", "five dozen"]
    found = made.sampled(generated, ["a dog ran", "no such 1234"], TRAIN)
    assert found.generated.overlaps.tolist() == [15, 11, 1, 10]
    assert found.generated.copied(10) == 0.75
    assert found.generated.copied(11) == 0.5
    assert found.generated.copied(16) == 0.0
    assert found.held_out.copied(10) == 0.0


def test_a_floor_of_the_gate_may_name_each_figure() -> None:
    found = made.sampled(
        ["quick brown fox", "aaaaaaaaaaaa"], ["over the lazy dog", "some other words"], TRAIN
    )
    metrics = {one.name: one for one in found.metrics()}
    assert set(metrics) == {COPIED, "median_overlap", "distinct_2", "repeated_4"}
    copied = metrics[COPIED]
    assert (copied.value, copied.baseline, copied.higher_is_better) == (0.5, 0.5, False)
    assert "10 characters" in copied.title
    assert copied.headline and not copied.decisive
    assert metrics["median_overlap"].value == 8.0
    assert metrics["distinct_2"].value == pytest.approx((14 + 1) / 27, abs=1e-6)
    assert metrics["distinct_2"].higher_is_better
    assert metrics["repeated_4"].value == pytest.approx(0.5 * (1 - 1 / 9), abs=1e-6)
    assert metrics["repeated_4"].baseline == 0.0


def test_texts_that_are_too_short_leave_figures_undefined() -> None:
    metrics = {one.name: one for one in made.sampled(["", "a"], ["b", ""], TRAIN).metrics()}
    assert metrics["distinct_2"].value is None
    assert metrics["repeated_4"].baseline is None
    assert metrics[COPIED].value == 0.0
