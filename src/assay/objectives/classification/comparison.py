"""A model beside the baseline: figures, their intervals, and which of the two is better.

Reads and writes nothing. Both are measured by the same functions, on the same rows and the same
bootstrap samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assay.objectives.classification import intervals, metrics
from assay.records import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.objectives.classification.metrics import Floats, Predictions
    from assay.progress import Reports

    Interval = tuple[float, float]

DIFFERENCES = ("accuracy", "macro_f1", "roc_auc")
# Which of them decide: a model may rank well and still decide badly.
DECISIVE = ("accuracy", "macro_f1")


@dataclass(frozen=True)
class Difference:
    """By how much the first of two is higher, with the paired 95 % interval."""

    value: float
    interval: Interval

    @property
    def sign(self) -> int:
        """1 or -1 where the interval lies on one side of zero, else 0."""
        return intervals.better(*self.interval)


@dataclass(frozen=True)
class Comparison:
    """Two classifiers on the same rows; figures that are undefined are None or left out."""

    rows: int
    model: dict[str, float | None]
    baseline: dict[str, float | None]
    intervals: dict[str, Interval]
    baseline_intervals: dict[str, Interval]
    difference: dict[str, Difference]

    @property
    def better(self) -> Literal["model", "baseline", "neither"]:
        """Who is ahead in accuracy or macro F1 beyond chance, and behind in neither."""
        signs = {self.difference[name].sign for name in DECISIVE}
        if 1 in signs and -1 not in signs:
            return "model"
        return "baseline" if -1 in signs and 1 not in signs else "neither"

    def metrics(self) -> tuple[Metric, ...]:
        """Return every metric as the record that is written: six digits, so that bytes are stable.

        A figure that the rows leave undefined is None, and has no interval.
        """
        return tuple(self._metric(name) for name in metrics.NAMES)

    def _metric(self, name: str) -> Metric:
        low, high = self.intervals.get(name, (None, None))
        lead = self.difference.get(name)
        return Metric(
            name=name,
            title=metrics.TITLES[name],
            value=metrics.rounded(self.model[name]),
            low=metrics.rounded(low),
            high=metrics.rounded(high),
            baseline=metrics.rounded(self.baseline[name]),
            difference=metrics.rounded(lead.value) if lead else None,
            difference_low=metrics.rounded(lead.interval[0]) if lead else None,
            difference_high=metrics.rounded(lead.interval[1]) if lead else None,
            higher_is_better=name not in metrics.LOWER_IS_BETTER,
            decisive=name in DECISIVE,
            headline=name in metrics.HEADLINE,
        )


def compare(
    model: Predictions,
    baseline: Predictions,
    *,
    resamples: int,
    seed: int,
    progress: Reports | None = None,
    names: Sequence[str] = intervals.NAMES,
) -> Comparison:
    """Measure both with 95 % intervals, and the paired difference of :data:`DIFFERENCES`.

    ``names`` are the figures that get intervals.

    Raises:
        ValueError: the two were not measured on the same rows.

    """
    drawn = intervals.resample(
        {"model": model, "baseline": baseline}, resamples, seed, progress, names
    )
    first, second = metrics.figures(model), metrics.figures(baseline)
    return Comparison(
        rows=len(model.truth),
        model=first,
        baseline=second,
        intervals=_intervals(drawn["model"]),
        baseline_intervals=_intervals(drawn["baseline"]),
        difference={
            name: Difference(value, interval)
            for name in DIFFERENCES
            if name in names
            and (value := _minus(first[name], second[name])) is not None
            and (interval := intervals.interval(drawn["model"][name] - drawn["baseline"][name]))
        },
    )


def _intervals(drawn: Mapping[str, Floats]) -> dict[str, Interval]:
    found = {name: intervals.interval(values) for name, values in drawn.items()}
    return {name: interval for name, interval in found.items() if interval is not None}


def _minus(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second
