"""The section of a classifier's report on inputs that belong to none of its classes.

Reads and writes nothing: returns Markdown. The test split holds no such input: it shows how often
the threshold calls out of scope what is in it, and what the model's answers there are worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.bundle.classifier import scope_scores
from assay.objectives.classification.scope import share_interval
from assay.reporting.markdown import percent, span, tabulate
from assay.reporting.section import Section

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assay.objectives.classification.metrics import Predictions
    from assay.records import Parity


def section(served: Predictions, parity: Parity) -> Section:
    """Return what the threshold of the export does to the test split.

    ``served`` are the bundle's predictions; ``parity`` holds the threshold, and the share of false
    alarms that was asked for.
    """
    return Section("out_of_scope", "Out of scope", _words(served, parity))


def _words(served: Predictions, parity: Parity) -> str:
    if parity.false_alarm is None:
        return "No input is called out of scope: `export.false_alarm` is null."
    if parity.threshold is None:
        return (
            f"No input is called out of scope: {parity.validation_rows:,} validation rows are too "
            f"few for a threshold with {percent(parity.false_alarm)} of false alarms "
            "(`export.false_alarm`)."
        )
    outside = scope_scores(served.probabilities) < parity.threshold
    low, high = share_interval(int(outside.sum()), len(outside))
    parts = [
        _row("kept", served.correct[~outside]),
        _row("called out of scope", served.correct[outside]),
        _row("all", served.correct),
    ]
    return (
        "The model answers every input with one of its classes, also one that belongs to none. An "
        f"input whose scope score is below {parity.threshold:g} is called out of scope. The "
        f"threshold lets {percent(parity.false_alarm)} of rows like those of the validation split "
        "fall below it (`export.false_alarm`).\n\nOf the test split, whose rows are all in scope, "
        f"{percent(outside.mean())} are called out of scope (95 % interval "
        f"{span((low, high), scale=100)} %){_verdict(parity.false_alarm, low, high)}\n\n"
        + tabulate(("test split", "rows", "accuracy"), parts, right=(1, 2))
        + "\n\nHow many inputs that belong to no class are found, these rows can't tell."
    )


def _verdict(asked: float, low: float, high: float) -> str:
    """Return the end of the sentence on false alarms: whether they are as many as asked for."""
    if low <= asked <= high:
        return ", as asked for within chance."
    more = "**more than asked for**" if asked < low else "fewer than asked for"
    return f", {more}: the test split is unlike the validation split."


def _row(name: str, correct: NDArray[np.bool_]) -> tuple[str, str, str]:
    return name, f"{len(correct):,}", percent(correct.mean()) if len(correct) else "undefined"
