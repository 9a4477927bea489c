"""Answer, ask back, or hand over: from the ranking's confidence and the intent model's answer.

Reads and writes nothing. Two judges are asked, who know different things: the ranking of the
knowledge file's wordings, and the intent model where there is one.

================  ==============  ==================  =====================
the ranking       same intent     another, or out     no model, or unsure
================  ==============  ==================  =====================
sure              answer          clarify             answer
in doubt          answer          clarify             clarify
finds nothing     clarify         clarify, hand over  hand over
================  ==============  ==================  =====================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.applications.customer_service.confidence import Confidence
    from assay.applications.customer_service.knowledge import Entry
    from assay.applications.customer_service.retrieval import Ranking

# Questions that a customer is asked to choose from.
MOST_OPTIONS = 3
# The intent model speaks where its first label is likelier than all others together.
MAJORITY = 0.5


@dataclass(frozen=True)
class Intent:
    """What the intent model says of a message: its first label, and how probable that is.

    Attributes:
        label: of the highest probability.
        score: that probability.
        in_scope: whether the message seems to belong to any label that is in scope.

    """

    label: str
    score: float
    in_scope: bool

    @property
    def sure(self) -> bool:
        """Whether the label may be relied on."""
        return self.in_scope and self.score >= MAJORITY


@dataclass(frozen=True)
class Decision:
    """What is to be done about a message that is a question.

    Attributes:
        kind: what.
        entries: the one that answers, or those to choose from.

    """

    kind: Literal["answer", "clarify", "hand_over"]
    entries: tuple[Entry, ...] = ()


def decide(
    entries: Sequence[Entry], ranking: Ranking, confidence: Confidence, intent: Intent | None
) -> Decision:
    """Return what is to be done; ``entries`` are those that ``ranking`` has the places of."""
    found = tuple(entries[place] for place in ranking.order[:MOST_OPTIONS])
    score = confidence.of(ranking)
    sure, doubtful = score >= confidence.answer, score >= confidence.clarify
    named = _named(entries, ranking, intent)
    agreed = bool(found) and found[0] in named
    if found and (agreed and doubtful):
        return Decision("answer", found[:1])
    if sure and found and (intent is None or (intent.in_scope and not intent.sure)):
        return Decision("answer", found[:1])
    if doubtful and found:
        return Decision("clarify", _first_of(found, named))
    if named:
        return Decision("clarify", _first_of(named, found[:1]))
    return Decision("hand_over")


def _named(entries: Sequence[Entry], ranking: Ranking, intent: Intent | None) -> tuple[Entry, ...]:
    """Return the entries of the intent that the model is sure of, the best first."""
    if intent is None or not intent.sure:
        return ()
    ranked = [*ranking.order, *sorted(set(range(len(entries))) - set(ranking.order))]
    return tuple(entries[place] for place in ranked if entries[place].intent == intent.label)


def _first_of(first: Sequence[Entry], second: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries to choose from: the best of each list, then the rest of the first."""
    both = [*first[:1], *second[:1], *first[1:]]
    return tuple(dict.fromkeys(both))[:MOST_OPTIONS]
