"""What callers are shown of a turn, a conversation and the service: JSON, and text to keep.

Reads and writes nothing. What was understood of a message (intent, mood, scores, versions, the note
for whoever takes over) is for agents alone; a customer gets the reply and its sources.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assay.applications.customer_service import codec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from assay.applications.customer_service.sessions import Entry
    from assay.applications.customer_service.turn import Quote, Turn, Understanding

# What only agents see of a turn.
INNER = ("understanding", "versions")


@dataclass(frozen=True)
class Part:
    """One model that the service is made of: ``role`` is what it is for."""

    role: str
    model: str
    version: str


@dataclass(frozen=True)
class About:
    """What the service says of itself.

    Attributes:
        company: its name, as customers know it.
        languages: that replies come in, e.g. ``("en", "zh")``.
        models: that it is made of.
        labels: classes of the intent model; what an agent may correct to.
        examples: by language, a few questions that it can answer.
        answers: by entry, the whole answer of the knowledge file, to show a quote in its place.

    """

    company: str
    languages: tuple[str, ...]
    models: tuple[Part, ...] = ()
    labels: tuple[str, ...] = ()
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)


def about(stated: About, *, agent: bool, correcting: bool) -> dict[str, Any]:
    """Return what the page starts from."""
    return {
        "company": stated.company,
        "languages": list(stated.languages),
        "models": [asdict(part) for part in stated.models],
        "examples": {language: list(some) for language, some in stated.examples.items()},
        "agent": agent,
        "labels": list(stated.labels) if agent and correcting else [],
    }


def understanding(heard: Understanding, *, agent: bool) -> dict[str, Any]:
    """Return what is known of a message before it is answered."""
    return asdict(heard) if agent else {"language": heard.language}


def entry(one: Entry, stated: About, *, agent: bool) -> dict[str, Any]:
    """Return one turn as JSON."""
    shown = codec.as_json(one.turn)
    shown["quotes"] = [_quote(quote, stated, agent=agent) for quote in one.turn.quotes]
    shown |= {
        "turn": one.place,
        "at": _time(one),
        "text": one.turn.understanding.text_masked,
        "language": one.turn.understanding.language,
        "verdict": one.customer,
    }
    if agent:
        return shown | {"judged": one.agent, "label": one.label}
    if one.turn.hand_over:
        shown["hand_over"] = {"reason": one.turn.hand_over.reason}
    return {name: value for name, value in shown.items() if name not in INNER}


def transcript(entries: Iterable[Entry], stated: About, *, agent: bool) -> str:
    """Return a conversation as text."""
    lines = [stated.company, ""]
    for one in entries:
        lines += [f"[{_time(one)}]", f"> {one.turn.understanding.text_masked}", one.turn.reply]
        lines += [f"  ({quote.question})" for quote in one.turn.quotes]
        if agent:
            lines.append(_inner(one.turn))
        lines.append("")
    return "\n".join(lines)


def _quote(quote: Quote, stated: About, *, agent: bool) -> dict[str, Any]:
    # The page marks the quote in the whole answer; one that is not there any more stands alone.
    whole = stated.answers.get(quote.entry, "") if agent else ""
    fits = whole[quote.start : quote.end] == quote.text
    return {**asdict(quote), "answer": whole if fits else quote.text}


def _inner(turn: Turn) -> str:
    heard = turn.understanding
    parts = [
        f"intent {heard.intent or '-'} {heard.intent_score:.2f}",
        f"mood {heard.mood} {heard.mood_score:.2f}",
        f"language {heard.language}",
    ]
    if turn.hand_over:
        parts.append(f"hand-over {turn.hand_over.reason}: {turn.hand_over.note}")
    return f"  {{{'; '.join(parts)}}}"


def _time(one: Entry) -> str:
    return datetime.fromtimestamp(one.at, UTC).isoformat(timespec="seconds")
