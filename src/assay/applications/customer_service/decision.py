"""Answer, ask back, or hand over: from the ranking's confidence and the intent model's answer.

Reads and writes nothing. Two judges are asked, who know different things: the ranking of the
knowledge file's wordings, and the intent model where there is one.

=============  ===========  ==============  ============  ==========  ===================
the ranking    same intent  another intent  out of scope  none of it  no model, or unsure
=============  ===========  ==============  ============  ==========  ===================
sure           answer       clarify         clarify       clarify     answer
in doubt       answer       clarify         clarify       hand over   clarify
finds nothing  clarify      clarify         hand over     hand over   hand over
=============  ===========  ==============  ============  ==========  ===================

An answer in doubt, with the same intent, is below the threshold that bounds the share of wrong
answers: nothing was calibrated for it, for the intent model has learned the wordings that it would
be calibrated on. Scripted conversations measure it (``python -m bench --only customer_service``).
*Out of scope* is what the model's threshold says, *none of it* that a label of the setting
``intent.none`` is likelier than all others together.
An intent that no entry has, such as small talk's, counts as unsure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.applications.customer_service.confidence import Confidence, Judged
    from assay.applications.customer_service.knowledge import Entry

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
        known: whether the message seems to belong to any label, by the model's own threshold.
        none: whether the label stands for what is none of the service's business.

    """

    label: str
    score: float
    known: bool
    none: bool

    @property
    def in_scope(self) -> bool:
        """Whether the message seems to be about what the service knows."""
        return self.known and not self.none

    @property
    def sure(self) -> bool:
        """Whether the label may be relied on, and is one of the service's business."""
        return self.in_scope and self.score >= MAJORITY

    @property
    def surely_none(self) -> bool:
        """Whether the message is none of the service's business, likelier than all else."""
        return self.none and self.score >= MAJORITY


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
    entries: Sequence[Entry], judged: Judged, confidence: Confidence, intent: Intent | None
) -> Decision:
    """Return what is to be done; ``entries`` are those that ``judged`` has the places of."""
    best = tuple(entries[place] for place in judged.order[:MOST_OPTIONS])
    if not best:
        return Decision("hand_over")
    doubtful = judged.in_scope >= confidence.clarify
    sure = judged.confidence >= confidence.answer
    named = _named(entries, judged, intent)
    if (sure or doubtful) and best[0] in named:
        return Decision("answer", best[:1])
    outside = intent is not None and not intent.in_scope
    if sure and not named and not outside:
        return Decision("answer", best[:1])
    none = intent is not None and intent.surely_none
    if sure or (doubtful and not none) or named:
        return Decision("clarify", _first_of(named or best, best))
    return Decision("hand_over")


def _named(entries: Sequence[Entry], judged: Judged, intent: Intent | None) -> tuple[Entry, ...]:
    """Return the entries of the intent that the model is sure of, the best first."""
    if intent is None or not intent.sure:
        return ()
    ranked = [*judged.order, *sorted(set(range(len(entries))) - set(judged.order))]
    return tuple(entries[place] for place in ranked if entries[place].intent == intent.label)


def _first_of(first: Sequence[Entry], second: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries to choose from: the best of each list, then the rest."""
    both = [*first[:1], *second[:1], *first[1:], *second[1:]]
    return tuple(dict.fromkeys(both))[:MOST_OPTIONS]
