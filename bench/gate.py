"""The gate's statistics: how often it promotes, how often it is wrong in a life, and their time.

Reads and writes nothing; every answer is drawn, so that what is true of a challenger is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.progress import Progress
from assay.release.spending import next_level
from assay.settings.release import Gate
from bench import gate_times, ledger_times, tables
from bench.lives import Look, live, power
from bench.measure import facts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GATE = Gate()
MARGINS = {
    f"`not_worse`, margin {GATE.margin:g}": GATE.margin,
    f"`better`, by {GATE.min_effect:g}": -GATE.min_effect,
}
HISTORIES = {
    "first": [],
    "10th, after 9 promotions": [True] * 9,
    "10th, after 9 refusals": [False] * 9,
}
GAINS = (0.0, 0.01, 0.02, 0.04)
DISCORDANT = 0.08
# Worse by just more than the margin, in truth.
WORSE = -GATE.margin * 1.0001


@dataclass(frozen=True)
class Size:
    """How much is measured: sizes of the test split, lives and their rows, and what is timed.

    Lives whose challengers are all equal to the champion need more exact p-values, and are fewer.
    """

    rows: tuple[int, ...]
    lives: int
    equal_lives: int
    life_rows: int
    timed_rows: int
    rounds: int
    entries: int


FULL = Size((2400, 10_000), 2000, 300, 2400, 10_000, 5, 10_000)
QUICK = Size((200,), 10, 5, 200, 200, 1, 100)


def measure(quick: bool) -> str:
    """Return the tables."""
    size = QUICK if quick else FULL
    with Progress("gate", len(size.rows) * len(MARGINS) * len(HISTORIES) + 4) as bar:
        return "\n\n".join(
            [
                "**The gate.** How often a challenger is promoted, by how much better it truly is. "
                "Computed, not drawn: the exact distribution at the error that the look may spend "
                f"of `error: {GATE.error:g}` over `looks: {GATE.looks}`, where the two disagree "
                f"on {DISCORDANT:.0%} of the rows. Not in it: the gate's other rules, and that a "
                "champion which won by luck on these very rows is harder to beat on them.",
                facts("each share computed once", figures="lives and times as their tables say"),
                _powers(size, bar.advance),
                _lives(size, bar.advance),
                _times(size, bar.advance),
                ledger_times.measure(size.entries, size.rounds),
            ]
        )


def _powers(size: Size, advance: Callable[[], object]) -> str:
    lines = []
    for rows in size.rows:
        for policy, margin in MARGINS.items():
            look = Look(rows, margin)
            for name, passed in HISTORIES.items():
                level = next_level(passed, GATE.error, GATE.looks)
                shares = [power(look, level, gain, DISCORDANT) for gain in GAINS]
                lines.append(
                    [f"{policy}, {rows:,} rows", name, f"{level:.5f}", *map(_percent, shares)]
                )
                advance()
    header = ["policy and test rows", "look", "error it may spend"]
    return tables.markdown([*header, *map(_better, GAINS)], lines)


def _lives(size: Size, advance: Callable[[], object]) -> str:
    def spent(passed: Sequence[bool]) -> float:
        return next_level(passed, GATE.error, GATE.looks)

    look, looks = Look(size.life_rows, GATE.margin), GATE.looks
    worse = [live(seed, look, spent, [WORSE] * looks) for seed in range(size.lives)]
    advance()
    unspent = [
        live(seed, look, lambda _: GATE.error, [WORSE] * looks) for seed in range(size.equal_lives)
    ]
    advance()
    equal = [live(seed, look, spent, [0.0] * looks) for seed in range(size.equal_lives)]
    advance()
    lines = [
        ["worse by just more than the margin", *_life(worse)],
        [f"the same, each look at {GATE.error:g}", *_life(unspent)],
        ["just as good as the champion", *_life(equal)],
    ]
    return "\n\n".join(
        [
            f"Lives of {looks} looks at the same {size.life_rows:,} test rows by `not_worse`, "
            "drawn: who passes becomes the champion, and the next challenger is compared with it.",
            tables.markdown(
                ["challengers", "lives", "lives with a promotion", "of all looks promoted"], lines
            ),
        ]
    )


def _life(lives: Sequence[Sequence[bool]]) -> list[str]:
    ever = float(np.mean([any(passed) for passed in lives]))
    return [f"{len(lives):,}", _percent(ever), _percent(float(np.mean(lives)))]


def _times(size: Size, advance: Callable[[], object]) -> str:
    found = gate_times.measure(size.timed_rows, size.rounds, GATE)
    advance()
    return found


def _better(gain: float) -> str:
    points = round(100 * gain, 6)
    return f"{points:g} point{'' if points == 1 else 's'} better" if points else "just as good"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
