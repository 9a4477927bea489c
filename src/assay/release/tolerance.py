"""Whether a model that was rebuilt on another class of processor is the recorded one within bounds.

Reads both ``metrics.json`` and both ``predictions.parquet``. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import records
from assay.objectives.classification.predicted import share_agreeing
from assay.records import Evaluation
from assay.release.outcome import Difference

if TYPE_CHECKING:
    from pathlib import Path

    from assay.records import Metric

# Share of test rows that get the same class. Rounding moves a row that lies between two classes.
AGREEMENT = 0.995


def metrics_outside(recorded: Path, rebuilt: Path) -> list[Difference]:
    """Return each decisive metric that lies outside its recorded 95 % interval.

    A metric without an interval must be equal.

    Raises:
        RecordRefused: one of the two is no ``metrics.json`` of this version.

    """
    ours, theirs = (records.read(path, Evaluation) for path in (recorded, rebuilt))
    found = {metric.name: metric.value for metric in theirs.metrics}
    return [
        Difference(path=metric.name, expected=_range(metric), found=str(found.get(metric.name)))
        for metric in ours.metrics
        if metric.decisive and not _lies_in(metric, found.get(metric.name))
    ]


def predictions_apart(recorded: Path, rebuilt: Path) -> list[Difference]:
    """Return one difference where fewer than 99.5 % of the test rows get the same class."""
    share = share_agreeing(recorded, rebuilt)
    if share >= AGREEMENT:
        return []
    expected = f"the same class for at least {AGREEMENT:.1%} of the test rows"
    return [Difference(path="predictions", expected=expected, found=f"{share:.2%}")]


def _lies_in(recorded: Metric, value: float | None) -> bool:
    if recorded.low is None or recorded.high is None or value is None:
        return value == recorded.value
    return recorded.low <= value <= recorded.high


def _range(recorded: Metric) -> str:
    if recorded.low is None or recorded.high is None:
        return str(recorded.value)
    return f"{recorded.low} to {recorded.high}"
