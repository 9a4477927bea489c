from __future__ import annotations

import pytest

from assay.objectives.generation.intervals import Estimate
from assay.objectives.generation.recorded import Names, better
from assay.records import Metric

NAMES = Names({"cost": "the cost", "share": "the share"}, "cost", ("share",), ("share",))


def test_a_record_says_what_a_figure_is() -> None:
    own, base, apart = Estimate(2.12345678, 1, 3), Estimate(4, 0, 9), Estimate(-2, -3, -1)
    assert NAMES.metric("cost", own, base, apart) == Metric(
        name="cost",
        title="the cost",
        value=2.123457,
        low=1,
        high=3,
        baseline=4,
        difference=-2,
        difference_low=-3,
        difference_high=-1,
        higher_is_better=False,
        decisive=True,
        headline=False,
    )


def test_a_figure_may_stand_alone_and_be_undefined() -> None:
    assert NAMES.metric("share", Estimate(None, None, None)) == Metric(
        name="share", title="the share", value=None, higher_is_better=True, headline=True
    )


@pytest.mark.parametrize(
    ("low", "high", "ahead"),
    [
        (-2, -1, "model"),
        (1, 2, "baseline"),
        (-1, 1, "neither"),
        (0, 1, "neither"),
        (None, 1, "neither"),
    ],
)
def test_who_is_ahead_follows_from_the_interval_of_the_difference(
    low: float | None, high: float | None, ahead: str
) -> None:
    assert better(Estimate(0.0, low, high)) == ahead
