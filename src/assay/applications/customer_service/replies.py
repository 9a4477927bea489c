"""What the customer reads, made of a template and of quotes alone.

Reads and writes nothing. No word of a message, and none that a model chose freely, gets into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.applications.customer_service.settings import ANSWER
from assay.applications.customer_service.turn import HandOver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.applications.customer_service.settings import Speech
    from assay.applications.customer_service.turn import Language, Mood, Reason

NOTES: dict[Language, dict[Reason, str]] = {
    "en": {
        "asked_for_a_person": "The customer asked for a person.",
        "angry_twice": "Two messages in a row were angry.",
        "out_of_scope": "The message seems to be about nothing that the knowledge file covers.",
        "low_confidence": "No answer was sure enough, even after asking back.",
    },
    "zh": {
        "asked_for_a_person": "客户要求与人工客服交谈。",
        "angry_twice": "客户连续两条消息带有怒气。",
        "out_of_scope": "客户的问题似乎不在知识库范围内。",
        "low_confidence": "反问之后仍没有足够把握的答案。",
    },
}


def answer(speech: Speech, mood: Mood, said: str) -> str:
    """Return an answer in the tone that fits the mood."""
    by_mood = {
        "angry": speech.answer.angry,
        "neutral": speech.answer.neutral,
        "happy": speech.answer.happy,
    }
    before, _, after = by_mood[mood].partition(ANSWER)
    return f"{before}{said}{after}"


def clarify(speech: Speech, questions: Sequence[str]) -> str:
    """Return a question back, with a line for each question to choose from."""
    if not questions:
        return speech.unclear
    lines = (f"{number}. {question}" for number, question in enumerate(questions, 1))
    return "\n".join([speech.clarify, *lines])


def hand_over(language: Language, reason: Reason) -> HandOver:
    """Return the hand-over, with its note for the person who goes on."""
    return HandOver(reason, NOTES[language][reason])
