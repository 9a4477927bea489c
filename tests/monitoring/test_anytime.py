"""The interval holds at every look at once, and narrows."""

from __future__ import annotations

import numpy as np
import pytest

from assay.monitoring.anytime import interval, log_evidence, verdict

RUNS, LOOKS, ERROR = 2000, 3000, 0.05


@pytest.mark.parametrize("share", [0.5, 0.9, 0.98, 0.999])
def test_looking_after_every_row_is_ever_wrong_in_at_most_one_run_of_twenty(share: float) -> None:
    random = np.random.default_rng(int(share * 1000))
    counts = (random.random((RUNS, LOOKS)) < share).cumsum(axis=1)
    against = log_evidence(counts, np.arange(1, LOOKS + 1), share)
    wrong = (against >= -np.log(ERROR)).any(axis=1).mean()
    assert wrong <= ERROR


def test_an_interval_of_a_fixed_number_of_rows_would_be_wrong_far_more_often() -> None:
    """The simulation above can fail: the usual interval does."""
    random = np.random.default_rng(0)
    counts = (random.random((RUNS, LOOKS)) < 0.9).cumsum(axis=1)
    rows = np.arange(1, LOOKS + 1)
    shares = counts / rows
    half = 1.96 * np.sqrt(shares * (1 - shares) / rows)
    assert (np.abs(shares - 0.9) > half)[:, 100:].any(axis=1).mean() > 3 * ERROR


@pytest.mark.parametrize(("count", "rows"), [(0, 10), (10, 10), (97, 100), (4900, 5000), (1, 2)])
def test_the_interval_is_where_the_evidence_is_below_its_bound(count: int, rows: int) -> None:
    low, high = interval(count, rows, ERROR)
    assert low <= count / rows <= high
    for end, inner, outer in ((low, 1e-6, -1e-6), (high, -1e-6, 1e-6)):
        assert log_evidence(count, rows, end + inner) < -np.log(ERROR)
        if 0 < end < 1:
            assert log_evidence(count, rows, end + outer) > -np.log(ERROR)


def test_it_narrows_with_rows_and_widens_with_certainty() -> None:
    widths = [np.subtract(*interval(9 * rows, 10 * rows, ERROR)[::-1]) for rows in (1, 10, 1000)]
    assert widths[0] > widths[1] > widths[2]
    assert interval(90, 100, 0.01)[0] < interval(90, 100, 0.05)[0]
    assert interval(0, 0, ERROR) == (0.0, 1.0)


def test_a_verdict_needs_rows() -> None:
    assert verdict(50, 50, 0.98, ERROR) == "keep watching"
    assert verdict(400, 400, 0.98, ERROR) == "agrees"
    assert verdict(300, 400, 0.98, ERROR) == "disagrees"
    assert verdict(9800, 10_000, 0.98, ERROR) == "keep watching"
