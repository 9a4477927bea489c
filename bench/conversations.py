"""Scripted conversations with the example customer service, and how each of them ends.

Reads ``tests/applications/customer_service/conversations/*.yaml``. Writes nothing. The customer of
a script types its messages; asked back, chooses the question whose entry is the right end, or says
that none of them is meant.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ruamel.yaml import YAML

from assay.applications.customer_service.turn import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from assay.applications.customer_service.turn import Engine, Kind, Language, Turn

FOLDER = Path("tests/applications/customer_service/conversations")
FILES: Mapping[str, Language] = {"english.yaml": "en", "chinese.yaml": "zh"}
NONE: Mapping[Language, str] = {"en": "none of these", "zh": "都不是"}

# An answer that was asked for: as it should be; after a question back; another entry's; a person
# instead. A person that was asked for: there; there for another reason; an answer instead; neither.
End = Literal["right", "right, asked back", "wrong", "person instead", "handed over"]
ENDS: tuple[End, ...] = ("right", "right, asked back", "handed over", "person instead", "wrong")


@dataclass(frozen=True)
class Script:
    """A conversation as it should go.

    Attributes:
        language: that it is written in.
        messages: what the customer types.
        answer: the id of the entry that should answer the last message; None: a person should.
        hand_over: why a person should go on, where one should.

    """

    language: Language
    messages: tuple[str, ...]
    answer: str | None
    hand_over: str | None


@dataclass
class Held:
    """A conversation as it went.

    Attributes:
        script: as it should go.
        end: how it ended.
        last: its last turn.
        seconds: of each turn.
        kinds: of each turn.

    """

    script: Script
    end: End
    last: Turn
    seconds: list[float] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)

    @property
    def reason_is_right(self) -> bool:
        """Whether a person goes on for the reason that the script says."""
        over = self.last.hand_over
        return over is not None and over.reason == self.script.hand_over


def scripts(root: Path = FOLDER) -> list[Script]:
    """Return all scripts, in the files' order."""
    found = []
    for name, language in FILES.items():
        rows = YAML(typ="safe", pure=True).load((root / name).read_text(encoding="utf-8"))
        found += [
            Script(language, tuple(row["turns"]), row.get("answer"), row.get("hand_over"))
            for row in rows
        ]
    return found


def hold(engine: Engine, script: Script, questions: Mapping[str, str]) -> Held:
    """Hold a conversation; ``questions`` are those of the entries, by id."""
    state, asked_back = State(), False
    seconds: list[float] = []
    kinds: list[Kind] = []
    left = list(script.messages)
    while left:
        begun = time.perf_counter()
        turn, state = engine.turn(left.pop(0), state)
        seconds.append(time.perf_counter() - begun)
        kinds.append(turn.kind)
        if turn.kind == "hand_over":
            break
        if turn.kind == "clarify" and not left and not asked_back:
            asked_back = True
            wanted = questions.get(script.answer or "")
            left = [wanted if wanted in turn.options else NONE[script.language]]
    return Held(script, _end(script, turn, asked_back), turn, seconds, kinds)


def _end(script: Script, last: Turn, asked_back: bool) -> End:
    if last.kind == "hand_over":
        return "person instead" if script.answer else "handed over"
    if script.answer and any(quote.entry == script.answer for quote in last.quotes):
        return "right, asked back" if asked_back else "right"
    # Small talk or a second question back in place of an answer helps nobody either.
    return "wrong"


def shares(held: Iterable[Held]) -> dict[str, float]:
    """Return the share of each end."""
    listed = list(held)
    return {end: sum(one.end == end for one in listed) / len(listed) for end in ENDS}
