"""The figures of a model and of its baseline as a table of a report, and intervals as words.

Reads and writes nothing: returns Markdown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.reporting.markdown import escaped, number, span, tabulate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.generation.recorded import Better
    from assay.records import Metric

VERDICTS: dict[Better, str] = {
    "model": "**Better than the baseline.**",
    "baseline": "**Worse than the baseline: do not ship it.** The simple one is cheaper, too.",
    "neither": "**Not shown to be better than the baseline**: chance alone, in the choice of test "
    "{noun}s, could make this difference.",
}


def verdict(better: Better, noun: str) -> str:
    """Return who is ahead, as a sentence; ``noun`` is what a row of the test split is."""
    return VERDICTS[better].format(noun=noun)


def table(metrics: Sequence[Metric]) -> str:
    """Return every figure with its interval, beside the baseline's."""
    rows = [
        (
            f"{escaped(one.title)} ({'higher' if one.higher_is_better else 'lower'} is better)",
            f"**{number(one.value)}**",
            interval(one.low, one.high).strip(" ()"),
            number(one.baseline) if one.baseline is not None else "",
            "" if one.difference is None else signed(one.difference),
        )
        for one in metrics
    ]
    heads = ("figure", "model", "95 %", "baseline", "model minus baseline")
    return tabulate(heads, rows, right=range(1, 5))


def interval(low: float | None, high: float | None, *, is_signed: bool = False) -> str:
    """Return an interval in brackets behind a space; nothing where there is none."""
    if low is None or high is None:
        return ""
    return f" ({span((low, high), signed=is_signed)})"


def signed(value: float | None) -> str:
    """Return a difference with its sign."""
    return "undefined" if value is None else f"{value:+.3f}"
