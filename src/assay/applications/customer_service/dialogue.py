"""One message of a conversation, and what is done about it.

Reads and writes nothing; keeps nothing between turns, so that any thread may ask. When a message
has been read (:mod:`~assay.applications.customer_service.reading`), this comes in order: whoever
wants a person, or is angry for the second time in a row, gets one; so does a message in a language
that the service does not speak; a choice among the questions offered is answered; then small talk;
and all else is for :mod:`~assay.applications.customer_service.decision`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from assay.applications.customer_service import decision, heard, quoting, replies
from assay.applications.customer_service.decision import Decision
from assay.applications.customer_service.turn import State, Turn

if TYPE_CHECKING:
    from collections.abc import Collection

    from assay.applications.customer_service.knowledge import Entry
    from assay.applications.customer_service.reading import Message, Reader
    from assay.applications.customer_service.settings import Service
    from assay.applications.customer_service.turn import Kind, Quote, Reason, Tell

ANGRY_IN_A_ROW = 2
# How often in a row a message may have no answer before a person is asked.
UNCLEAR_IN_A_ROW = 2


class Dialogue:
    """What answers messages: an :class:`~assay.applications.customer_service.turn.Engine`."""

    def __init__(self, service: Service, reader: Reader, notes: tuple[str, ...]) -> None:
        """Take what :func:`~assay.applications.customer_service.opening.open_dialogue` opened.

        ``notes`` are sentences on what the service has to do without.
        """
        self.service, self.reader, self.notes = service, reader, notes

    def turn(self, text: str, state: State, tell: Tell | None = None) -> tuple[Turn, State]:
        """Return what to do about a message, and what to remember of it.

        ``tell`` hears what the message seems to be before its reply is looked for: rephrasing
        takes its time.
        """
        message = self.reader.read(text, state)
        if tell:
            tell(message.understanding(None, in_scope=not message.foreign))
        angry = state.angry + 1 if message.mood == "angry" else 0
        kept = replace(state, language=message.language, angry=angry)
        if reason := self._wants_person(message, kept):
            return self._handed_over(message, reason)
        if entry := _asked_for(message, state):
            return self._answered(message, entry, kept)
        if state.options and heard.declined(message.text):
            return self._handed_over(message, "low_confidence")
        if name := self._small_talk(message):
            reply = message.spoken.speech.small_talk[name]
            return self._turn(message, "small_talk", reply), kept
        return self._decided(message, kept)

    def close(self) -> None:
        """Let the models go."""
        self.reader.spoken, self.reader.intent_model = {}, None

    def _wants_person(self, message: Message, kept: State) -> Reason | None:
        wanting = self.service.intent.asks_for_person if self.service.intent else ()
        if heard.wants_person(message.text, message.spoken.speech) or _says(message, wanting):
            return "asked_for_a_person"
        if kept.angry >= ANGRY_IN_A_ROW:
            return "angry_twice"
        return "out_of_scope" if message.foreign else None

    def _small_talk(self, message: Message) -> str | None:
        if name := heard.small_talk(message.text, message.spoken.speech):
            return name
        known = self.service.intent.small_talk if self.service.intent else {}
        return known[message.intent.label] if message.intent and _says(message, known) else None

    def _decided(self, message: Message, kept: State) -> tuple[Turn, State]:
        entries, confidence = message.spoken.retrieval.entries, message.spoken.confidence
        found = Decision("clarify")
        if heard.units(message.text):
            found = decision.decide(entries, message.judged, confidence, message.intent)
        if found.kind == "answer":
            return self._answered(message, found.entries[0], kept)
        if found.kind == "hand_over":
            return self._handed_over(message, "out_of_scope")
        if kept.unclear + 1 >= UNCLEAR_IN_A_ROW:
            return self._handed_over(message, "low_confidence")
        questions = tuple(entry.question for entry in found.entries)
        reply = replies.clarify(message.spoken.speech, questions)
        options = tuple(entry.id for entry in found.entries)
        after = replace(kept, options=options, unclear=kept.unclear + 1)
        return self._turn(message, "clarify", reply, options=questions), after

    def _answered(self, message: Message, entry: Entry, kept: State) -> tuple[Turn, State]:
        found = quoting.quote(entry, message.text, self.service.quote)
        rephraser = message.spoken.rephraser
        said = rephraser.said(found).text if rephraser else found.text
        reply = replies.answer(message.spoken.speech, message.mood, said)
        turn = self._turn(message, "answer", reply, entry=entry, quotes=(found,))
        return turn, replace(kept, options=(), unclear=0)

    def _handed_over(self, message: Message, reason: Reason) -> tuple[Turn, State]:
        reply = message.spoken.speech.hand_over[reason]
        # A person goes on: what comes after begins anew.
        after = State(language=message.language)
        return self._turn(message, "hand_over", reply, reason=reason), after

    def _turn(
        self,
        message: Message,
        kind: Kind,
        reply: str,
        *,
        entry: Entry | None = None,
        quotes: tuple[Quote, ...] = (),
        options: tuple[str, ...] = (),
        reason: Reason | None = None,
    ) -> Turn:
        understood = message.understanding(entry, in_scope=reason != "out_of_scope")
        over = replies.hand_over(message.language, reason) if reason else None
        versions = self._versions(message, kind)
        return Turn(kind, reply, understood, quotes, options, over, versions)

    def _versions(self, message: Message, kind: Kind) -> dict[str, str]:
        model = self.reader.intent_model
        found = {model.name: model.version} if model else {}
        rephrased = message.spoken.rephraser_versions if kind == "answer" else {}
        return {**found, **message.spoken.mood_versions, **rephrased}


def _says(message: Message, labels: Collection[str]) -> bool:
    """Tell whether the intent model is sure of one of these labels."""
    return message.intent is not None and message.intent.sure and message.intent.label in labels


def _asked_for(message: Message, state: State) -> Entry | None:
    """Return the entry that a message chooses of the options, or asks for word by word."""
    entries = message.spoken.retrieval.entries
    by_id = {entry.id: entry for entry in entries}
    offered = [by_id[one] for one in state.options if one in by_id]
    place = heard.chosen(message.text, [entry.question for entry in offered])
    if place is not None:
        return offered[place]
    asked = heard.units(message.text)
    if not asked:
        return None
    same = (one for one in entries if any(heard.units(text) == asked for text in one.wordings))
    return next(same, None)
