"""Two statistics of wrong labels among new rows, from a classifier's probabilities.

Reads and writes nothing, and decides nothing: :mod:`assay.objectives.classification.permutation`
does. Works on class numbers and probabilities; the probabilities are of rows that the classifier
was not trained on. Rows are compared only with rows of the same given label, so another share of a
class is no evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.objectives.classification.metrics import Floats, Ints

    Part = tuple[Floats, Floats]  # centred sums (draws, columns), their variances (columns,)

# The share of wrong labels that the scores are most powerful against.
SHARE = 0.05
# A probability below this one is a rounded zero, not evidence without bound.
FLOOR = 1e-6


@dataclass(frozen=True, eq=False)
class Statistics:
    """The two statistics of each draw, shape (draws,); higher speaks for wrong labels.

    Attributes:
        overall: all classes together: sensitive to random flips.
        pair: the largest of all ordered pairs of classes: sensitive to flips of one to another.

    """

    overall: Floats
    pair: Floats


def scores(probabilities: Floats, given: Ints, prior: Floats) -> Floats:
    """Return each row's log-likelihood ratios of a wrong label against a right one.

    Among rows of the given label b, a share e that are of class a changes the density of a row x
    by the factor 1 + e (r - 1), where r = p(a|x) prior(b) / (p(b|x) prior(a)). Column 0 is for
    wrong labels from any class, where r = odds(not b|x) / odds(not b); column 1 + a is for those
    from class a. The logarithm of the factor is the most powerful score (Neyman and Pearson 1933).

    Args:
        probabilities: shape (rows, classes).
        given: class numbers, shape (rows,).
        prior: the mean probability of each class, shape (classes,).

    Returns:
        Shape (rows, 1 + classes); 0 in the column of a row's own label.

    """
    likely = np.clip(probabilities, FLOOR, 1.0)
    base = np.clip(prior, FLOOR, 1 - FLOOR)
    own, own_base = likely[np.arange(len(given)), given], base[given]
    overall = (1 - own) / own * own_base / (1 - own_base)
    pairs = likely / base / (own / own_base)[:, None]
    ratios = np.column_stack([overall, pairs])
    ratios[np.arange(len(given)), 1 + given] = 1.0
    return np.log1p(SHARE * (ratios - 1))


def combine(parts: Iterable[Part], draws: int) -> Statistics:
    """Return the statistics from each given label's sums over new rows.

    A label whose rows are all new, or all trusted, or all alike has no variance and no weight.
    """
    total, variance = np.zeros(draws), 0.0
    pair = np.zeros(draws)
    for centred, spread in parts:
        total += centred[:, 0]
        variance += float(spread[0])
        known = spread[1:] > 1e-12
        if known.any():
            z = centred[:, 1:][:, known] / np.sqrt(spread[1:][known])
            np.maximum(pair, z.max(axis=1), out=pair)
    overall = total / np.sqrt(variance) if variance > 1e-12 else np.zeros(draws)
    # Rounded, so that sums that are equal but for the order of their terms are ties.
    return Statistics(overall.round(9), pair.round(9))


def spread(rows: int, new: int, total: Floats, squares: Floats) -> Part:
    """Return the expected sum over ``new`` of ``rows`` rows drawn without return, and its variance.

    Args:
        rows: of one given label, at least 2.
        new: how many of them are new.
        total: the sum of their scores, shape (columns,).
        squares: the sum of the squared scores, shape (columns,).

    """
    mean = total / rows
    deviation = np.maximum(squares - rows * mean**2, 0.0) / (rows - 1)
    return new * mean, new * (rows - new) / rows * deviation
