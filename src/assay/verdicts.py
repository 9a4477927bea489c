"""What the gate asks a task, what the task answers, and the verdict.

Reads and writes nothing. Rules and verdicts stand in certificates and in the ledger, in JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from assay.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class GateInputs:
    """What a challenger is judged by: two bundles, and today's rows.

    Attributes:
        challenger: the bundle that may become champion.
        champion: the bundle that is; None where there is none.
        splits: the tables that hold today's rows, by the name of their split.
        known: ids of the rows that the champion was made from; None where that is not known.
        behaviour: the file that says what the model must do; it need not be there.
        level: the error that this look at the test rows may spend.

    """

    challenger: Path
    champion: Path | None
    splits: Mapping[str, Path]
    known: frozenset[str] | None
    behaviour: Path
    level: float


class Rule(Record):
    """One rule of the gate, with its figures, whether it passed or not.

    Attributes:
        name: as programs know it, e.g. ``champion``.
        title: as people read it.
        passed: whether it holds.
        found: what was measured, in one sentence.
        required: what it asks for.
        figures: the numbers behind it; None where the rows leave one undefined.
        warning: a rule that never refuses, such as one on timings.

    """

    name: str
    title: str
    passed: bool
    found: str
    required: str
    figures: dict[str, float | None] = Field(default_factory=dict)
    warning: bool = False


@dataclass(frozen=True)
class Suspect:
    """A new row whose label differs from what the champion predicts, surely enough to be looked at.

    Attributes:
        id: of the row.
        label: that the row has.
        likelier: the label that the champion predicts.
        probability: that the champion gives to the row's own label.
        shown: the row as a person reads it.

    """

    id: str
    label: str
    likelier: str
    probability: float
    shown: str


@dataclass(frozen=True)
class GateFindings:
    """What a task finds of a challenger: its rules, and rows to look at, the worst first."""

    rules: tuple[Rule, ...]
    suspects: tuple[Suspect, ...] = ()


class Verdict(Record):
    """What the gate says of a challenger.

    Attributes:
        policy: ``first`` where there is no champion; else ``not_worse`` or ``better``.
        champion: the version that it was compared with.
        rules: in the order in which they are shown.

    """

    policy: Literal["first", "not_worse", "better"]
    champion: int | None
    rules: tuple[Rule, ...]

    @property
    def passed(self) -> bool:
        """Whether the challenger may be promoted."""
        return not self.refusals

    @property
    def refusals(self) -> tuple[Rule, ...]:
        """The rules that refuse it."""
        return tuple(rule for rule in self.rules if not (rule.passed or rule.warning))
