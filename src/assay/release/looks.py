"""How often the gate has looked at the test rows of today, and which error the next look may spend.

Reads the ledger, today's test split, and earlier ones out of DVC's cache. Writes nothing.

Looks are counted while fewer than half of the test rows are fresh, that is, while most were there
at the first look. With more fresh rows a new count begins, and a new budget of error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.release import champion, rows, spending

if TYPE_CHECKING:
    from pathlib import Path

    from assay.paths import ModelPaths
    from assay.release.events import Line
    from assay.release.evidence import Evidence
    from assay.release.ledger import Ledger
    from assay.settings.release import Gate
    from assay.verdicts import Rule

LOOKED = ("promotion", "refusal")
ENOUGH_FRESH = 0.5
RULE = "champion"


@dataclass(frozen=True)
class Look:
    """One look at the test rows.

    Attributes:
        number: of this budget, from 1.
        level: the error that it may spend.
        fresh: the share of the test rows that no look of this budget saw first.
        since: when the first look of this budget was.

    """

    number: int
    level: float
    fresh: float
    since: str | None


def next_look(known: Ledger, files: ModelPaths, found: Evidence, gate: Gate) -> Look:
    """Return the look that is due: a new budget's first one where enough rows are fresh.

    The same challenger against the same champion on the same rows is no new look: it gives the same
    answer, and is given the level that it was given before.
    """
    budget = _distinct(_budget(known, files.model))
    fresh = _fresh_share(files.split("test"), budget[0]) if budget else 1.0
    if fresh >= ENOUGH_FRESH:
        return Look(1, spending.next_level([], gate.error, gate.looks), fresh, None)
    passed = [rule.passed for line in budget if (rule := _rule(line)) is not None]
    if _is_again(budget[-1], found, champion.version_of(known, files.model)):
        passed = passed[:-1]
    level = spending.next_level(passed, gate.error, gate.looks)
    return Look(len(passed) + 1, level, fresh, budget[0].time)


def _distinct(budget: list[Line]) -> list[Line]:
    """Leave out looks that repeat the one before: the last of them stands for all."""
    return [
        line
        for place, line in enumerate(budget)
        if place + 1 == len(budget) or _number(budget[place + 1]) != _number(line)
    ]


def _is_again(last: Line, found: Evidence, version: int | None) -> bool:
    judged = last.judged
    return (
        judged is not None
        and judged.kind == "refusal"
        and (judged.bundle, judged.tested) == (found.bundle, found.tested)
        and judged.verdict.champion == version
    )


def _budget(known: Ledger, model: str) -> list[Line]:
    """Return the looks of the present budget: back to the last one that was a first look."""
    found: list[Line] = []
    for line in known.newest(model, *LOOKED):
        if _rule(line) is None:
            continue
        # The same first look may stand there several times, one after the other.
        if found and _number(found[-1]) == 1 and _number(line) != 1:
            break
        found.append(line)
    return found[::-1]


def _number(line: Line) -> int:
    looks = next((rule for rule in _rules(line) if rule.name == "looks"), None)
    return int(looks.figures.get("look") or 1) if looks else 1


def _rule(line: Line) -> Rule | None:
    """Return the rule that spent error, if this decision compared anything."""
    return next(
        (rule for rule in _rules(line) if rule.name == RULE and "level" in rule.figures), None
    )


def _rules(line: Line) -> tuple[Rule, ...]:
    return line.judged.verdict.rules if line.judged else ()


def _fresh_share(test: Path, first: Line) -> float:
    """Return the share of today's test rows that were not there at a budget's first look.

    None of them where DVC lost that split: error is never spent twice for want of a file.
    """
    then = rows.recorded(first.judged.tested) if first.judged else None
    return 0.0 if then is None else float((~rows.ids(test).isin(then)).mean())
