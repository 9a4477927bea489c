"""Lives of a model at the gate: challengers drawn week by week, judged on the same test rows.

Reads and writes nothing; every answer is drawn. Some rows are hard for every model and the others
easy, so that two models are mostly wrong on the same rows, as real ones are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from assay.objectives.classification.noninferiority import Paired, p_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Answers = np.ndarray[Any, np.dtype[np.bool_]]
    Spent = Callable[[Sequence[bool]], float]  # what passed so far -> the level of the next look

# A model's true share of right answers, which is also the share of rows that are easy.
RIGHT = 0.78
# How often a model misses an easy row: two models of equal skill then disagree on 7 % of the rows,
# and two that are two points apart on 9 %.
MISSED = 0.025
# The exact p is computed where the normal approximation is at most so many levels.
CLOSE = 2.0


class Look:
    """The gate's test of non-inferiority by ``margin`` on so many rows; keeps each p it computed.

    A negative margin asks for superiority by ``-margin``.
    """

    def __init__(self, rows: int, margin: float) -> None:
        self.rows, self.margin = rows, margin
        self._known: dict[tuple[int, int], float] = {}

    def p(self, own: int, others: int) -> float:
        """Return the exact p of rows that the challenger, or the champion, alone gets right."""
        key = (own, others)
        if key not in self._known:
            counts = Paired(self.rows - own - others, own, others, 0)
            self._known[key] = p_value(counts, self.margin)
        return self._known[key]

    def approximate(self, own: int, others: int) -> float:
        """Return the p of the normal approximation, which costs microseconds."""
        spread = math.sqrt(max(own + others - (own - others) ** 2 / self.rows, 1))
        return math.erfc((own - others + self.margin * self.rows) / spread / math.sqrt(2)) / 2

    def passes(self, own: int, others: int, level: float) -> bool:
        """Tell whether the exact p is at most ``level``."""
        return self.approximate(own, others) <= CLOSE * level and self.p(own, others) <= level

    def critical(self, discordant: int, level: float) -> int:
        """Return how many discordant rows the challenger alone must get right at least.

        One more than there are, where even all of them are too few.
        """
        ahead = float(stats.norm.isf(level)) * discordant**0.5 - self.margin * self.rows
        own = int(min(max((discordant + ahead) / 2, 0), discordant))
        # p falls as own rises: from the guess down while it passes, or up until it does.
        if self.p(own, discordant - own) <= level:
            while own > 0 and self.p(own - 1, discordant - own + 1) <= level:
                own -= 1
            return own
        while own < discordant and self.p(own, discordant - own) > level:
            own += 1
        return own if self.p(own, discordant - own) <= level else discordant + 1


def power(look: Look, level: float, gain: float, discordant: float) -> float:
    """Return how often a challenger passes that is truly better by ``gain``.

    Computed, not drawn: over every number of discordant rows that has any mass worth counting.

    Args:
        look: the gate's test.
        level: at which p passes.
        gain: the true difference of the shares of right answers.
        discordant: the true share of rows that one of the two alone gets right.

    """
    first, last = (int(stats.binom.ppf(tail, look.rows, discordant)) for tail in (1e-5, 1 - 1e-5))
    numbers = np.arange(first, last + 1)
    needed = np.array([look.critical(int(number), level) for number in numbers])
    own = stats.binom.sf(needed - 1, numbers, (1 + gain / discordant) / 2)
    return float((stats.binom.pmf(numbers, look.rows, discordant) * own).sum())


def live(seed: int, look: Look, spent: Spent, gains: Sequence[float]) -> list[bool]:
    """Return of each look whether its challenger passed, and so became the champion.

    Args:
        seed: of the rows and of every model's answers.
        look: the gate's test.
        spent: the level of the next look, from what passed before.
        gains: by how much each challenger is truly better than the champion of its week.

    """
    random = np.random.default_rng(seed)
    hard = random.random(look.rows) >= RIGHT
    right = RIGHT
    champion = answers(random, hard, right)
    passed: list[bool] = []
    for gain in gains:
        challenger = answers(random, hard, right + gain)
        own = int(np.count_nonzero(challenger & ~champion))
        others = int(np.count_nonzero(champion & ~challenger))
        passed.append(look.passes(own, others, spent(passed)))
        if passed[-1]:
            champion, right = challenger, right + gain
    return passed


def answers(random: np.random.Generator, hard: Answers, right: float) -> Answers:
    """Return which rows a model gets right whose true share of right answers is ``right``."""
    easy_right = 1 - MISSED - max(0.0, RIGHT - right) / RIGHT
    hard_right = (right - RIGHT * easy_right) / (1 - RIGHT)
    chances = np.where(hard, np.float32(hard_right), np.float32(easy_right))
    return random.random(len(hard), dtype=np.float32) < chances
