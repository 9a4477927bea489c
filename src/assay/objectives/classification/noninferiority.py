"""Is one classifier worse than another by more than a margin, on the same rows: an exact test.

Reads and writes nothing. Rows on which both are right, or both wrong, say nothing; what is tested
is by how much the one's own right rows outnumber the other's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from assay.objectives.classification.metrics import Predictions

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# The nuisance parameter is searched within an interval that misses it this seldom; added to p, so
# that no p is below it. Far below any level that is used: of the least, 0.05 / 2 / 51 = 5e-4, it
# takes a five-hundredth; ten times less would widen the interval by a tenth.
MISSED = 1e-6
# p changes slowly within the interval: a thousand shares give the same p to 1 in 1,000.
GRID = 41
# Mass of the number of discordant rows that is left out on each side, and added.
TAIL = 1e-10


@dataclass(frozen=True)
class Paired:
    """How many rows both get right, one alone, or neither."""

    both: int
    only_challenger: int
    only_champion: int
    neither: int

    @property
    def rows(self) -> int:
        """All rows."""
        return self.both + self.only_challenger + self.only_champion + self.neither

    @property
    def discordant(self) -> int:
        """Rows that one alone gets right."""
        return self.only_challenger + self.only_champion

    @property
    def difference(self) -> float:
        """The challenger's share of right rows minus the champion's."""
        return (self.only_challenger - self.only_champion) / self.rows


def paired(challenger: Predictions, champion: Predictions) -> Paired:
    """Count the rows of two classifiers.

    Raises:
        ValueError: they were not measured on the same rows.

    """
    if not np.array_equal(challenger.truth, champion.truth):
        raise ValueError("the two were not measured on the same rows")
    first, second = challenger.correct, champion.correct
    return Paired(
        both=int((first & second).sum()),
        only_challenger=int((first & ~second).sum()),
        only_champion=int((~first & second).sum()),
        neither=int((~first & ~second).sum()),
    )


def p_value(counts: Paired, margin: float) -> float:
    """Return the p-value of: the challenger's share of right rows is lower by ``margin`` or more.

    A negative margin asks for superiority by ``-margin``. Valid for any number of rows: the exact
    distribution of the difference under the worst share of discordant rows, within an interval for
    that share (Berger and Boos 1994, "P values maximized over a confidence set for the nuisance
    parameter", JASA 89). A margin beyond 1 is the margin 1: no difference is greater.
    """
    margin = min(max(margin, -1.0), 1.0)
    rows, difference = counts.rows, counts.only_challenger - counts.only_champion
    low, high = _interval(counts.discordant, rows)
    # A difference of the margin needs at least so many discordant rows.
    low, high = max(low, abs(margin)), max(high, abs(margin))
    shares = np.linspace(low, min(high, 1.0), GRID)
    worst = _tails(shares, margin, difference, rows).max()
    return float(min(1.0, worst + MISSED))


def power(counts: Paired, margin: float, level: float) -> float:
    """Return how often a challenger that is just as good would pass, on so many discordant rows."""
    rows = counts.rows
    share = max(counts.discordant, 1) / rows
    low, high = -rows, rows + 1  # of a difference that passes, the least is sought
    while high - low > 1:
        middle = (low + high) // 2
        # Shown by as many discordant rows as were found, or the next number that has the parity.
        own = min(rows, max(counts.discordant, abs(middle)))
        own = min(rows, own + (own - middle) % 2)
        right = (own + middle) // 2
        passes = (
            2 * right - own == middle
            and p_value(Paired(rows - own, right, own - right, 0), margin) <= level
        )
        low, high = (low, middle) if passes else (middle, high)
    if high > rows:
        return 0.0
    return float(_tails(np.array([share]), 0.0, high, rows)[0]) - 2 * TAIL


def mcnemar(counts: Paired) -> float:
    """Return the exact two-sided p-value of: both are right equally often (McNemar 1947)."""
    if not counts.discordant:
        return 1.0
    return float(stats.binomtest(counts.only_challenger, counts.discordant).pvalue)


def _interval(discordant: int, rows: int) -> tuple[float, float]:
    """Return Clopper and Pearson's interval for the share of discordant rows."""
    half = MISSED / 2
    low = stats.beta.ppf(half, discordant, rows - discordant + 1) if discordant else 0.0
    high = stats.beta.isf(half, discordant + 1, rows - discordant) if discordant < rows else 1.0
    return float(low), float(high)


def _tails(shares: Floats, margin: float, difference: int, rows: int) -> Floats:
    """Return the chance of a difference at least as great, where the true one is the margin.

    One chance for each true share of discordant rows.
    """
    first = stats.binom.ppf(TAIL, rows, shares)
    width = int((stats.binom.isf(TAIL, rows, shares) - first).max()) + 1
    # Numbers of discordant rows, shape (shares, width); those above all rows have no mass.
    discordant: Floats = first[:, None] + np.arange(width, dtype=np.float64)
    above_zero = np.maximum(shares, np.finfo(np.float64).tiny)  # without discordant rows: any
    own = np.clip((1 - margin / above_zero) / 2, 0.0, 1.0)[:, None]
    # Of n discordant rows the challenger has to have (n + difference) / 2 at least.
    needed = np.ceil((discordant + difference) / 2)
    chances = stats.binom.pmf(discordant, rows, shares[:, None])
    found: Floats = (chances * stats.binom.sf(needed - 1, discordant, own)).sum(axis=1) + 2 * TAIL
    return found
