"""What one turn of a conversation is: what was understood, what is replied, what is remembered.

Reads and writes nothing. Offsets count characters of the text as it stands in the knowledge file.
Everything here is frozen; a state travels as JSON between turns.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tell = Callable[["Understanding"], object]

Mood = Literal["angry", "neutral", "happy"]
Kind = Literal["answer", "clarify", "hand_over", "small_talk"]
Reason = Literal["asked_for_a_person", "angry_twice", "out_of_scope", "low_confidence"]
# The languages that the service replies in.
Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Quote:
    """A verbatim span of an answer of the knowledge file: ``text == answer[start:end]``.

    Attributes:
        entry: the id of the entry in the knowledge file.
        question: of the entry, as the file has it.
        text: what is quoted.
        start, end: where it stands in the entry's answer, in characters.

    """

    entry: str
    question: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class HandOver:
    """A person is to go on.

    Attributes:
        reason: why.
        note: one sentence for that person; it holds nothing that the customer wrote.

    """

    reason: Reason
    note: str


@dataclass(frozen=True)
class Understanding:
    """What was understood of a message.

    Attributes:
        text_masked: the message without personal data; nothing else of it is kept.
        language: which of the service's languages the reply is in.
        intent: a label of the intent model, or that of the best entry; None: neither is known.
        intent_score: the model's probability of it, or how well the best entry fits; 0 to 1.
        in_scope: whether the message seems to be about what the service knows.
        mood: of the message.
        mood_score: the sentiment model's probability of it; 1 where no model reads the language.

    """

    text_masked: str
    language: Language
    intent: str | None
    intent_score: float
    in_scope: bool
    mood: Mood
    mood_score: float


@dataclass(frozen=True)
class Turn:
    """What the service does about one message.

    Attributes:
        kind: an answer, a question back, a hand-over, or a greeting and the like.
        reply: what the customer reads; plain text, of which every fact is in ``quotes``.
        understanding: of the message.
        quotes: what an answer rests on, best first; empty unless ``kind`` is ``answer``.
        options: questions of the knowledge file to choose from, where ``kind`` is ``clarify``.
        hand_over: present if, and only if, ``kind`` is ``hand_over``.
        versions: of each model that took part, by its name.

    """

    kind: Kind
    reply: str
    understanding: Understanding
    quotes: tuple[Quote, ...]
    options: tuple[str, ...]
    hand_over: HandOver | None
    versions: Mapping[str, str]


@dataclass(frozen=True)
class State:
    """What a conversation remembers from one turn to the next.

    Attributes:
        language: of the last message that had one; None before the first.
        angry: how many angry messages came in a row.
        options: the entries that the last turn offered to choose from, by id.
        unclear: how many messages in a row had no answer.

    """

    language: Language | None = None
    angry: int = 0
    options: tuple[str, ...] = ()
    unclear: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the state as JSON holds it."""
        return {**asdict(self), "options": list(self.options)}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> State:
        """Return the state that :meth:`as_json` made.

        Raises:
            KeyError: a part is missing.

        """
        return cls(
            language=stored["language"],
            angry=stored["angry"],
            options=tuple(stored["options"]),
            unclear=stored["unclear"],
        )


class Engine(Protocol):
    """What answers messages: one for all conversations, from any thread."""

    def turn(self, text: str, state: State, tell: Tell | None = None) -> tuple[Turn, State]:
        """Return what to do about a message, and what to remember of it.

        ``tell`` is called once, before that is decided, with what was understood until then.
        """

    def close(self) -> None:
        """Let the models go; no turn may run, and none comes after."""
