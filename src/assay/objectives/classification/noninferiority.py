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
# So many shares are searched; ten times as many raise p by less than 1 in 500. With fewer rows than
# FEW p has steps, and more shares are searched, which takes no more time: less than 1 in 5,000.
GRID, FEW, GRID_FEW = 41, 1000, 401
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
    distribution of the score under the worst share of discordant rows, within an interval for
    that share (Berger and Boos 1994, "P values maximized over a confidence set for the nuisance
    parameter", JASA 89). The score is the difference less the margin over a standard error (as in
    Hsueh, Liu and Chen 2001, "Unconditional exact tests for equivalence or noninferiority for
    paired binary endpoints", Biometrics 57): it hardly depends on that share, so that the worst one
    costs little power. A margin beyond 1 is the margin 1: no difference is greater.
    """
    margin = min(max(margin, -1.0), 1.0)
    rows, score = counts.rows, _score(counts, margin)
    low, high = _interval(counts.discordant, rows)
    # A difference of the margin needs at least so many discordant rows.
    low, high = max(low, abs(margin)), max(high, abs(margin))
    shares = np.linspace(low, min(high, 1.0), GRID if rows >= FEW else GRID_FEW)
    return float(min(1.0, _tails(shares, -margin, score, margin, rows).max() + MISSED))


def power(counts: Paired, margin: float, level: float) -> float:
    """Return how often a challenger that is just as good would pass, on so many discordant rows."""
    rows, own, least = counts.rows, counts.discordant, None
    low, high = 0, own + 1  # how many the challenger alone gets right: the least that passes
    while low < high:
        middle = (low + high) // 2
        shown = Paired(rows - own, middle, own - middle, 0)
        if middle <= own and p_value(shown, margin) <= level:
            least, high = _score(shown, margin), middle
        else:
            low = middle + 1
    if least is None:
        return 0.0
    share = np.array([max(own, 1) / rows])
    return float(_tails(share, 0.0, least, margin, rows)[0]) - 2 * TAIL


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


def _score(counts: Paired, margin: float) -> float:
    """Return how far the difference of right rows is above the margin, in standard errors."""
    error = _errors(np.array([counts.discordant]), margin, counts.rows)[0]
    ahead = counts.only_challenger - counts.only_champion + margin * counts.rows
    return float(ahead / error)


def _errors(discordant: Floats, margin: float, rows: int) -> Floats:
    """Return the difference's standard error; a difference of the margin needs so many rows."""
    return np.sqrt(np.maximum(discordant, max(abs(margin) * rows, 1.0)))


def _tails(shares: Floats, truth: float, score: float, margin: float, rows: int) -> Floats:
    """Return for each true share of discordant rows the chance of a score at least as great.

    ``truth`` is the true difference of the shares of right rows.
    """
    first = stats.binom.ppf(TAIL, rows, shares)
    width = int((stats.binom.isf(TAIL, rows, shares) - first).max()) + 1
    # Numbers of discordant rows, shape (shares, width); those above all rows have no mass.
    discordant: Floats = first[:, None] + np.arange(width, dtype=np.float64)
    above_zero = np.maximum(shares, np.finfo(np.float64).tiny)  # without discordant rows: any
    own = np.clip((1 + truth / above_zero) / 2, 0.0, 1.0)[:, None]
    difference = score * _errors(discordant, margin, rows) - margin * rows
    # Of n discordant rows the challenger has to have (n + difference) / 2 at least; rounding must
    # not lose the outcome that was seen.
    needed = np.ceil((discordant + difference) / 2 - 1e-6)
    chances = stats.binom.pmf(discordant, rows, shares[:, None])
    found: Floats = (chances * stats.binom.sf(needed - 1, discordant, own)).sum(axis=1) + 2 * TAIL
    return found
