"""Figures with intervals as records, and who is ahead by the figure that decides.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from assay.records import Metric

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from assay.objectives.generation.intervals import Estimate

Better = Literal["model", "baseline", "neither"]


@dataclass(frozen=True)
class Names:
    """What the figures of one kind of model are called.

    Attributes:
        titles: as people read them, by name, in the order in which they are shown.
        decisive: the one that decides which of two models is better.
        headlines: those that the command's summary shows.
        higher: those of which more is better.

    """

    titles: Mapping[str, str]
    decisive: str
    headlines: Collection[str]
    higher: Collection[str] = ()

    def metric(
        self,
        name: str,
        model: Estimate,
        baseline: Estimate | None = None,
        difference: Estimate | None = None,
    ) -> Metric:
        """Return one figure as a record; ``difference`` is model minus baseline, paired."""
        value, low, high = map(_rounded, ends(model))
        apart = map(_rounded, ends(difference)) if difference else (None, None, None)
        difference_value, difference_low, difference_high = apart
        return Metric(
            name=name,
            title=self.titles[name],
            value=value,
            low=low,
            high=high,
            baseline=_rounded(baseline.value) if baseline else None,
            difference=difference_value,
            difference_low=difference_low,
            difference_high=difference_high,
            higher_is_better=name in self.higher,
            decisive=name == self.decisive,
            headline=name in self.headlines,
        )


def better(difference: Estimate) -> Better:
    """Return who is ahead beyond chance, of model minus baseline where less is better."""
    if difference.low is None or difference.high is None:
        return "neither"
    if difference.low <= 0 <= difference.high:
        return "neither"
    return "model" if difference.high < 0 else "baseline"


def ends(own: Estimate) -> tuple[float | None, float | None, float | None]:
    """Return value, lower and upper end."""
    return own.value, own.low, own.high


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
