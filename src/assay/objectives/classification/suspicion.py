"""Whether the labels of new rows are worse than those of trusted rows, as the champion sees both.

Reads and writes nothing, and changes no label. Whoever calls it writes the worst rows to a file.
The decision is the exact test of :mod:`assay.objectives.classification.permutation`; the shares
that are shown beside it are cleanlab's, whose one home this is.

It can't tell wrong labels from rows that are harder for another reason (a new kind of text, a
worse camera): either is a reason to look at them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.objectives.classification import contamination, permutation

if TYPE_CHECKING:
    from assay.objectives.classification.metrics import Floats, Predictions


@dataclass(frozen=True)
class Suspect:
    """A new row that the champion holds to be of another class.

    Attributes:
        row: its place in the new rows, from 0.
        given: its label.
        likelier: the label that the champion holds likeliest.
        given_probability: of the given label, by the champion.
        likelier_probability: of the likelier one.

    """

    row: int
    given: str
    likelier: str
    given_probability: float
    likelier_probability: float


@dataclass(frozen=True)
class Suspicion:
    """What the champion says of new rows' labels, beside what it says of trusted ones.

    Attributes:
        new_rows: how many rows were examined.
        trusted_rows: how many they were compared with.
        new_share: the share of suspicious labels among new rows, by confident learning.
        trusted_share: the same of trusted rows.
        p_value: of the exact test that the new labels are as good as the trusted ones.
        error: the chance of a false alarm that was allowed.
        worst: the new rows whose label is suspicious, the most suspicious first.

    """

    new_rows: int
    trusted_rows: int
    new_share: float
    trusted_share: float
    p_value: float
    error: float
    worst: tuple[Suspect, ...]

    @property
    def refused(self) -> bool:
        """Whether the new labels are worse than chance explains."""
        return self.p_value <= self.error


def examine(trusted: Predictions, new: Predictions, *, error: float, seed: int = 13) -> Suspicion:
    """Compare the labels of new rows with those of trusted rows.

    Args:
        trusted: the champion on rows that it was not trained on, with labels that are trusted.
        new: the champion on the new rows, ``truth`` being their given labels.
        error: the chance of refusing new rows whose labels are as good, 0.001 or more.
        seed: of the permutations.

    Raises:
        ValueError: the two have other labels, or ``error`` is out of range.

    """
    permutation.require_error(error)
    if trusted.labels != new.labels:
        raise ValueError(f"trusted rows are of {trusted.labels}, new rows of {new.labels}")
    likely = np.concatenate([trusted.probabilities, new.probabilities])
    given = np.concatenate([trusted.truth, new.truth])
    table = contamination.scores(likely, given, likely.mean(axis=0))
    marks = np.repeat([0, 1], [len(trusted.truth), len(new.truth)])
    trusted_share, new_share = shares(trusted, new)
    return Suspicion(
        new_rows=len(new.truth),
        trusted_rows=len(trusted.truth),
        new_share=new_share,
        trusted_share=trusted_share,
        p_value=permutation.p_value(permutation.permuted(table, given, marks, seed)),
        error=error,
        worst=_worst(new, table[marks == 1, 0]),
    )


def shares(trusted: Predictions, new: Predictions) -> tuple[float, float]:
    """Return the share of suspicious labels among trusted and among new rows.

    A label is suspicious where the row is confidently of another class: its probability is at
    least the mean that trusted rows of that class have (Northcutt, Jiang and Chuang 2021,
    "Confident Learning", section 3.1).
    """
    # Imported here: it takes a second.
    from cleanlab import count

    thresholds = count.get_confident_thresholds(trusted.truth, trusted.probabilities)

    def share(rows: Predictions) -> float:
        _, suspicious = count.compute_confident_joint(
            rows.truth,
            rows.probabilities,
            thresholds=thresholds,
            calibrate=False,
            return_indices_of_off_diagonals=True,
        )
        return len(suspicious) / len(rows.truth)

    return share(trusted), share(new)


def _worst(new: Predictions, score: Floats) -> tuple[Suspect, ...]:
    wrong = np.flatnonzero(~new.correct)
    order = wrong[np.argsort(-score[wrong], kind="stable")]
    return tuple(
        Suspect(
            row=int(row),
            given=new.labels[new.truth[row]],
            likelier=new.labels[new.predicted[row]],
            given_probability=float(new.probabilities[row, new.truth[row]]),
            likelier_probability=float(new.confidence[row]),
        )
        for row in order
    )
