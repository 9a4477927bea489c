from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.applications.customer_service import knowledge, settings
from assay.applications.customer_service.models import Models
from assay.applications.customer_service.opening import compose
from bench import conversations
from bench.conversations import Script
from tests.applications.customer_service.test_settings import EXAMPLE

if TYPE_CHECKING:
    from assay.applications.customer_service.dialogue import Dialogue


SERVICE = settings.load(EXAMPLE)
ENTRIES = knowledge.read(SERVICE.knowledge, tuple(SERVICE.languages))
QUESTIONS = {entry.id: entry.question for entry in ENTRIES}


@pytest.fixture(scope="module")
def dialogue() -> Dialogue:
    return compose(SERVICE, ENTRIES, Models())


@pytest.mark.parametrize(
    ("message", "answer", "over", "end"),
    [
        ("How can I pay?", "payment_methods-en", None, "right"),
        ("How can I pay?", "returns-en", None, "wrong"),
        ("How can I pay?", None, "out_of_scope", "wrong"),
        ("how do i send something back", "refund_time-en", None, "right, asked back"),
        ("how do i send something back", "brewing-en", None, "person instead"),
        ("talk to a human", "returns-en", None, "person instead"),
        ("talk to a human", None, "asked_for_a_person", "handed over"),
        ("thanks", "returns-en", None, "wrong"),
    ],
)
def test_each_way_a_conversation_may_end(
    dialogue: Dialogue, message: str, answer: str | None, over: str | None, end: str
) -> None:
    script = Script("en", ("hello", message), answer, over)
    held = conversations.hold(dialogue, script, QUESTIONS)
    assert held.end == end
    assert len(held.seconds) >= 2


def test_the_reason_is_compared_apart_from_the_end(dialogue: Dialogue) -> None:
    script = Script("en", ("talk to a human",), None, "angry_twice")
    held = conversations.hold(dialogue, script, QUESTIONS)
    assert (held.end, held.reason_is_right) == ("handed over", False)


def test_shares_sum_to_one(dialogue: Dialogue) -> None:
    scripts = [Script("en", (text,), "returns-en", None) for text in ("hello", "How can I pay?")]
    found = conversations.shares(conversations.hold(dialogue, one, QUESTIONS) for one in scripts)
    assert sum(found.values()) == pytest.approx(1)
    assert found["wrong"] == 1
