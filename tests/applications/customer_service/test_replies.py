from __future__ import annotations

import pytest

from assay.applications.customer_service import replies, settings
from tests.applications.customer_service.test_settings import EXAMPLE

SPEECH = settings.load(EXAMPLE).languages["en"]


@pytest.mark.parametrize("said", ["Free.", "{answer}", "{0} %s \\1", "One.\nTwo."])
def test_what_is_said_stands_in_the_template_of_the_mood_as_it_is(said: str) -> None:
    assert replies.answer(SPEECH, "angry", said) == f"I am sorry for the trouble. {said}"
    assert replies.answer(SPEECH, "neutral", said) == said
    assert replies.answer(SPEECH, "happy", said).endswith(said)


def test_a_question_back_lists_what_there_is_to_choose_from() -> None:
    assert replies.clarify(SPEECH, ("A?", "B?")) == f"{SPEECH.clarify}\n1. A?\n2. B?"
    assert replies.clarify(SPEECH, ()) == SPEECH.unclear


def test_a_note_is_in_the_language_of_the_conversation() -> None:
    assert replies.hand_over("en", "angry_twice").note == "Two messages in a row were angry."
    assert replies.hand_over("zh", "angry_twice").note == "客户连续两条消息带有怒气。"
