from __future__ import annotations

import itertools

import pytest

from assay.applications.customer_service.confidence import Confidence, Judged
from assay.applications.customer_service.decision import Decision, Intent, decide
from assay.applications.customer_service.knowledge import Entry

ENTRIES = tuple(Entry(name, name, (name,), "x", "en", name) for name in ("pay", "send", "keep"))
PAY, SEND, KEEP = ENTRIES
CONFIDENCE = Confidence(None, answer=0.8, clarify=0.4)
SURE, DOUBT, NOTHING = (Judged((0, 1, 2), score, score) for score in (0.9, 0.5, 0.1))
SAME = Intent("pay", 0.9, known=True, none=False)
OTHER = Intent("send", 0.9, known=True, none=False)
OUT = Intent("pay", 0.9, known=False, none=False)
NONE = Intent("weather", 0.9, known=True, none=True)
UNSURE = Intent("send", 0.3, known=True, none=False)
SMALL = Intent("greeting", 0.9, known=True, none=False)


@pytest.mark.parametrize(
    ("judged", "intent", "kind", "entries"),
    [
        (SURE, SAME, "answer", (PAY,)),
        (SURE, OTHER, "clarify", (SEND, PAY, KEEP)),
        (SURE, OUT, "clarify", (PAY, SEND, KEEP)),
        (SURE, NONE, "clarify", (PAY, SEND, KEEP)),
        (SURE, UNSURE, "answer", (PAY,)),
        (SURE, SMALL, "answer", (PAY,)),
        (SURE, None, "answer", (PAY,)),
        (DOUBT, SAME, "answer", (PAY,)),
        (DOUBT, OTHER, "clarify", (SEND, PAY, KEEP)),
        (DOUBT, OUT, "clarify", (PAY, SEND, KEEP)),
        (DOUBT, NONE, "hand_over", ()),
        (DOUBT, UNSURE, "clarify", (PAY, SEND, KEEP)),
        (DOUBT, None, "clarify", (PAY, SEND, KEEP)),
        (NOTHING, SAME, "clarify", (PAY, SEND, KEEP)),
        (NOTHING, OTHER, "clarify", (SEND, PAY, KEEP)),
        (NOTHING, OUT, "hand_over", ()),
        (NOTHING, NONE, "hand_over", ()),
        (NOTHING, UNSURE, "hand_over", ()),
        (NOTHING, None, "hand_over", ()),
    ],
)
def test_the_table_of_the_module(
    judged: Judged, intent: Intent | None, kind: str, entries: tuple[Entry, ...]
) -> None:
    found = decide(ENTRIES, judged, CONFIDENCE, intent)
    assert (found.kind, found.entries) == (kind, entries)


def test_nothing_that_fits_is_handed_over_whatever_the_intent() -> None:
    assert decide(ENTRIES, Judged((), 0.0, 0.0), CONFIDENCE, SAME) == Decision("hand_over")


def test_options_are_three_at_most_and_no_one_twice() -> None:
    many = tuple(Entry(str(n), str(n), (str(n),), "x", "en", "pay") for n in range(6))
    for judged, intent in itertools.product((DOUBT, NOTHING), (SAME, OTHER, None)):
        found = decide(many, judged, CONFIDENCE, intent).entries
        assert len(found) == len(set(found)) <= 3
