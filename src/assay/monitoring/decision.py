"""The decision of a scheduled tick: is the model trained again, and why or why not.

Reads facts and settings, writes nothing. Every criterion stands in the decision with its figures,
whether it fires or not. Names of settings, files and measures come from users and their data, so
each is made harmless where a table or a line shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.monitoring.criteria import Reason, criteria
from assay.monitoring.facts import Facts
from assay.records import Record
from assay.reporting.markdown import escaped, tabulate
from assay.visible import visible

if TYPE_CHECKING:
    from assay.settings.release import Retrain

__all__ = ["Decision", "Facts", "Reason", "as_table", "decide", "lines"]

HEADS = ("Criterion", "Found", "Required", "Fires")


class Decision(Record):
    """Whether a tick trains, and every criterion that was looked at."""

    train: bool
    reasons: tuple[Reason, ...]

    @property
    def summary(self) -> str:
        """The decision in a sentence, with the criteria that made it."""
        firing = [reason for reason in self.reasons if reason.fires]
        if self.train:
            return f"Train: {', '.join(reason.name for reason in firing if not reason.blocks)}."
        blocking = [reason.name for reason in firing if reason.blocks]
        if blocking:
            return f"Do not train: {', '.join(blocking)}."
        return "Do not train: nothing new."


def decide(facts: Facts, settings: Retrain) -> Decision:
    """Return whether to train, with every criterion in a fixed order.

    One criterion that fires is enough. A data set that was refused before is not trained on again,
    whatever else fires, unless a person forces it.
    """
    reasons = criteria(facts, settings)
    asked = any(reason.fires and not reason.blocks for reason in reasons)
    blocked = any(reason.fires and reason.blocks for reason in reasons)
    return Decision(train=asked and not blocked, reasons=reasons)


def as_table(decision: Decision) -> str:
    """Return every criterion as a row of a Markdown table."""
    return tabulate(
        HEADS,
        [
            (escaped(reason.name), escaped(reason.found), escaped(reason.required), _fires(reason))
            for reason in decision.reasons
        ],
    )


def lines(decision: Decision) -> list[str]:
    """Return the decision, then a line for each criterion."""
    return [decision.summary, *(_line(reason) for reason in decision.reasons)]


def _line(reason: Reason) -> str:
    # A line stays one line, whatever is in a name.
    words = " ".join(f"{reason.name}: {reason.found} (required: {reason.required})".split())
    return visible(f"  {_fires(reason):<6} {words}")


def _fires(reason: Reason) -> str:
    if not reason.fires:
        return "no"
    return "blocks" if reason.blocks else "yes"
