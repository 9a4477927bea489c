"""How scripted conversations end, and how long their turns take, by the models that take part.

Reads and writes nothing: it is given the scripts, the knowledge and the opened models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.applications.customer_service.models import Models
from assay.applications.customer_service.opening import compose
from assay.objectives.classification.scope import share_interval
from assay.progress import Progress
from bench import conversations, tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.applications.customer_service.knowledge import Entry
    from assay.applications.customer_service.settings import Rephrasing, Service
    from assay.applications.customer_service.turn import Language
    from bench.conversations import Held, Script

HEAD = ("with", "language", *conversations.ENDS, "reason as scripted", "p50 ms", "p95 ms")


@dataclass(frozen=True)
class Way:
    """What takes part in some conversations: a name in the table, models, languages."""

    name: str
    models: Models
    languages: tuple[Language, ...]


def page(
    service: Service, entries: Sequence[Entry], opened: Models, scripts: Sequence[Script]
) -> str:
    """Return the table of all ways, and what is said below it.

    The language model is the one that ``service`` names; if ``opened`` has none, that is said.
    """
    questions = {entry.id: entry.question for entry in entries}
    ways = _ways(service, opened)
    own = {way.name: [one for one in scripts if one.language in way.languages] for way in ways}
    found: dict[str, list[Held]] = {}
    with Progress("conversations", sum(map(len, own.values()))) as bar:
        for way in ways:
            dialogue, held = compose(service, entries, way.models), []
            for script in own[way.name]:
                held.append(conversations.hold(dialogue, script, questions))
                bar.advance()
            found[way.name] = held
    rows = [_row(way.name, code, found[way.name]) for way in ways for code in way.languages]
    wrong = "; ".join(_wrong(name, held) for name, held in found.items())
    parts = [tables.markdown(HEAD, rows), f"Wrong answers: {wrong}."]
    if asked := service.language_model:
        parts.append(_answering(asked, opened, found))
    return "\n\n".join(parts)


def _ways(service: Service, opened: Models) -> list[Way]:
    """Return more and more of the models; of the language model, the languages that it writes."""
    languages = tuple(service.languages)
    ways = [
        Way("words alone", Models(), languages),
        Way("and sentiment", Models(sentiment=opened.sentiment), languages),
        Way(
            "and intents, embeddings",
            Models(intent=opened.intent, sentiment=opened.sentiment),
            languages,
        ),
    ]
    if opened.language_model and (asked := service.language_model):
        written = tuple(code for code in languages if code in asked.languages)
        ways.append(Way(_rephrased(asked), opened, written))
    return ways


def _rephrased(asked: Rephrasing) -> str:
    return f"and rephrased by `{asked.model}`"


def _answering(asked: Rephrasing, opened: Models, found: dict[str, list[Held]]) -> str:
    """Return the seconds of the turns that the language model takes part in, with it and without.

    It takes part in answers alone: of the turns of the table, those that ask back or hand over
    are as fast as without it.
    """
    if opened.language_model is None:
        return (
            f"A turn with a language model was not measured: `{asked.model}` was not built here "
            f"(`assay run {asked.model}`)."
        )
    *_, (before, without), (name, rephrased) = found.items()
    languages = {one.script.language for one in rephrased}
    without = [one for one in without if one.script.language in languages]
    return (
        f"Turns that answer, p50 and p95 in ms: {before}, {_percentiles(_answers(without))}; "
        f"{name}, {_percentiles(_answers(rephrased))}."
    )


def _answers(held: Sequence[Held]) -> list[float]:
    """Return the seconds of the turns that answered."""
    return [
        seconds
        for one in held
        for seconds, kind in zip(one.seconds, one.kinds, strict=True)
        if kind == "answer"
    ]


def _percentiles(seconds: Sequence[float]) -> str:
    return " and ".join(f"{np.percentile(seconds, share) * 1e3:.1f}" for share in (50, 95))


def _wrong(name: str, held: Sequence[Held]) -> str:
    wrong = sum(one.end == "wrong" for one in held)
    low, high = share_interval(wrong, len(held))
    return f"{name}, {wrong} of {len(held)} (95 % interval {low:.1%} to {high:.1%})"


def _row(name: str, language: str, held: Sequence[Held]) -> list[str]:
    own = [one for one in held if one.script.language == language]
    shares = conversations.shares(own)
    over = [one for one in own if one.script.hand_over]
    reasons = sum(one.reason_is_right for one in over)
    seconds = np.array([second for one in own for second in one.seconds]) * 1e3
    return [
        name,
        language,
        *(f"{shares[end]:.3f}" for end in conversations.ENDS),
        f"{reasons} of {len(over)}",
        *(f"{np.percentile(seconds, share):.1f}" for share in (50, 95)),
    ]
