"""Turns as an engine gives them: what tests of the store and of the page's JSON start from."""

from __future__ import annotations

from assay.applications.customer_service.turn import HandOver, Quote, Turn, Understanding

ANSWER = "Returns are free. 😀 Print the label."
QUOTE = Quote("returns", "How do I return an item?", "Print the label.", 20, 36)


def turn(text: str = "I want to return this", *, handed: bool = False) -> Turn:
    """Return an answer with one quote, or a hand-over."""
    return Turn(
        kind="hand_over" if handed else "answer",
        reply="A person will go on." if handed else "Print the label.",
        understanding=Understanding(text, "en", "return_item", 0.93, True, "neutral", 0.8),
        quotes=() if handed else (QUOTE,),
        options=(),
        hand_over=HandOver("angry_twice", "The topic is returns.") if handed else None,
        versions={"shop": "7", "moods": "12"},
    )
