"""Texts that a language model generated, beside held-out passages.

Reads and writes nothing. A figure of generated texts means little by itself: what is usual, the
held-out texts say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.records import Metric

if TYPE_CHECKING:
    from assay.objectives.generation.quality import Quality
    from assay.objectives.generation.suffixes import Ints

COPIED = "copied_share"
QUANTILES = (0.5, 0.9, 0.99, 1.0)


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts of one kind, and what is known of them.

    Attributes:
        quality: how varied, repetitive and long they are.
        overlaps: characters of each one's longest passage that stands in a train text, (texts,).

    """

    quality: Quality
    overlaps: Ints

    def copied(self, length: int) -> float:
        """Return the share of texts with a passage of ``length`` characters of a train text."""
        return float((self.overlaps >= length).mean())


@dataclass(frozen=True, eq=False)
class Sampled:
    """Generated texts and held-out ones, of ``most_tokens`` tokens at most.

    From ``copied_length`` characters of a train text on, one counts as copied.
    """

    generated: Texts
    held_out: Texts
    copied_length: int
    most_tokens: int

    def metrics(self) -> tuple[Metric, ...]:
        """Return the figures that a floor of the gate may name."""
        own, usual = self.generated, self.held_out
        varied = {each.order: each for each in own.quality.varieties}
        usually = {each.order: each for each in usual.quality.varieties}
        return (
            Metric(
                name=COPIED,
                title=f"texts with {self.copied_length} characters of a train text",
                value=round(own.copied(self.copied_length), 6),
                baseline=round(usual.copied(self.copied_length), 6),
                higher_is_better=False,
                headline=True,
            ),
            Metric(
                name="median_overlap",
                title="longest passage of a train text, median characters",
                value=float(np.median(own.overlaps)),
                baseline=float(np.median(usual.overlaps)),
                higher_is_better=False,
            ),
            Metric(
                name="distinct_2",
                title="distinct pairs of tokens",
                value=_rounded(varied[2].distinct),
                baseline=_rounded(usually[2].distinct),
            ),
            Metric(
                name="repeated_4",
                title="repeated runs of four tokens",
                value=_rounded(varied[4].repeated),
                baseline=_rounded(usually[4].repeated),
                higher_is_better=False,
            ),
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
