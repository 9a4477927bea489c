"""How the error of a lifetime is spent over the gate's looks at the same test rows.

Reads and writes nothing. The online fallback procedure (Tian and Ramdas 2021, "Online control of
the familywise error rate", Statistical Methods in Medical Research 30(4)): look k may spend
``error * weight_k``, and besides what the look before spent if that one passed. The chance of ever
letting through a challenger that breaks the policy stays at most ``error``, however the looks
depend on each other: this is a union bound, and all looks share the same rows. That a champion was
chosen on these very rows makes it look better than it is, and the next look stricter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST = 0.5  # of the error, for the first look; the others share the rest alike


def next_level(passed: Sequence[bool], error: float, looks: int) -> float:
    """Return the error that the next look may spend, after looks that passed or not.

    Args:
        passed: of each look so far, in order, whether its challenger passed.
        error: of all looks together.
        looks: how many looks share it; later ones have none of their own.

    """
    return levels(passed, error, looks)[-1]


def levels(passed: Sequence[bool], error: float, looks: int) -> list[float]:
    """Return what each look so far might spend, and last what the next one may."""
    found: list[float] = []
    carried = 0.0
    for number in range(1, len(passed) + 2):
        found.append(error * weight(number, looks) + carried)
        carried = found[-1] if number <= len(passed) and passed[number - 1] else 0.0
    return found


def weight(number: int, looks: int) -> float:
    """Return the share of the error that is a look's own; the shares sum to one."""
    if looks == 1:
        return float(number == 1)
    if number == 1:
        return FIRST
    return (1 - FIRST) / (looks - 1) if number <= looks else 0.0
