"""Drift: whether rows of today are distributed as those that a model was measured on.

Reads arrays and counts per measure, writes nothing, and never looks at labels. Measures are what a
model answers (its outputs) and simple properties of its input, e.g. ``characters`` or
``brightness``. The method is black-box shift detection with soft outputs: one two-sample test a
measure, Bonferroni over measures (Rabanser, Günnemann and Lipton 2019, "Failing Loudly").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.errors import InputRefused
from assay.monitoring import two_sample
from assay.monitoring.measures import count_rows, require_alike
from assay.records import Record

if TYPE_CHECKING:
    from assay.monitoring.measures import Measures
    from assay.monitoring.two_sample import Counts, FloatArray

# Fewer rows say next to nothing at the level of one tick.
FEWEST_ROWS = 20


class Measure(Record):
    """One measure of two sets of rows.

    Attributes:
        name: e.g. ``output: negative``.
        statistic: Kolmogorov-Smirnov's (0 to 1) of numbers, Pearson's chi-square of categories.
        p_value: how probable so great a statistic is when nothing has changed.
        alarm: whether the p-value is below the level of one measure.

    """

    name: str
    statistic: float
    p_value: float
    alarm: bool


class Drift(Record):
    """What the tests of one tick found.

    Attributes:
        alarm: whether any measure drifted.
        level: the chance of a false alarm at this tick.
        measure_level: the level of each measure: below it is an alarm.
        rows_reference: rows that the model was measured on.
        rows_current: rows of today.
        measures: by p-value, smallest first; none where nothing was tested.
        note: why nothing was tested; empty where it was.

    """

    alarm: bool
    level: float
    measure_level: float
    rows_reference: int
    rows_current: int
    measures: tuple[Measure, ...]
    note: str = ""


def compare(reference: Measures, current: Measures, *, error: float, ticks_a_year: int) -> Drift:
    """Test each measure for a change, with one error for a year of ticks.

    Each tick gets ``error / ticks_a_year``, each measure an equal part of that. By the union bound
    the chance of any false alarm in a year is then at most ``error``, however the tests depend on
    each other: the ticks of a year share their reference, and measures describe the same rows.
    An ``error`` of 0 never alarms.

    The reference must be rows the model did not learn from, e.g. its test split: it is surer of
    rows that it has seen, which would look like drift. No row may stand on both sides.

    Args:
        reference: by name, an array of shape (rows,) or the rows of each category.
        current: the same measures of the rows to test.
        error: chance of a false alarm over a year, 0 to 1.
        ticks_a_year: how many ticks share it, 1 or more.

    Raises:
        InputRefused: the two sides have other measures or none, or the measures of one side
            describe different numbers of rows.

    """
    require_alike(reference, current)
    rows = (count_rows("reference", reference), count_rows("current", current))
    level = error / ticks_a_year
    measure_level = level / len(reference)
    note, measures = _too_few(*rows), []
    if not note:
        measures = [
            _measure(name, reference[name], current[name], measure_level) for name in reference
        ]
    return Drift(
        alarm=any(measure.alarm for measure in measures),
        level=level,
        measure_level=measure_level,
        rows_reference=rows[0],
        rows_current=rows[1],
        measures=tuple(sorted(measures, key=lambda measure: (measure.p_value, measure.name))),
        note=note,
    )


def _measure(
    name: str, reference: FloatArray | Counts, current: FloatArray | Counts, level: float
) -> Measure:
    if isinstance(reference, np.ndarray) and isinstance(current, np.ndarray):
        tested = two_sample.numbers(reference, current)
    elif not isinstance(reference, np.ndarray) and not isinstance(current, np.ndarray):
        tested = two_sample.categories(reference, current, level)
    else:
        raise InputRefused(
            f"the measure {name!r} is a number on one side and a category on the other",
            expected="the same kind of measure of both sets of rows",
            cure="measure both sets of rows by the same function",
        )
    return Measure(
        name=name,
        statistic=tested.statistic,
        p_value=tested.p_value,
        alarm=tested.p_value < level,
    )


def _too_few(rows_reference: int, rows_current: int) -> str:
    """Say why nothing can be tested; nothing where it can."""
    if min(rows_reference, rows_current) >= FEWEST_ROWS:
        return ""
    side = "current" if rows_current < FEWEST_ROWS else "reference"
    found = rows_current if rows_current < FEWEST_ROWS else rows_reference
    return f"not tested: {found} {side} rows, {FEWEST_ROWS} required"
