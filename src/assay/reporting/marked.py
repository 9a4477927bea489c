"""A text with some of its words marked, as Markdown that shows it and obeys none of it.

Reads and writes nothing. Personal data is masked in the whole text before it is cut at the marks:
half of a number would not be found. A word that is part of such data is not marked.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay import personal
from assay.reporting.markdown import LONGEST, LOOKED_AT, escaped, printable

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Mark:
    """What stands at ``start`` to ``end`` of a text, and a short note beside it, our own words."""

    start: int
    end: int
    note: str


def marked(text: str, marks: Sequence[Mark], longest: int = LONGEST) -> str:
    """Return the text as one line, with each of ``marks`` bold; marks do not overlap.

    Longer than ``longest`` letters, it is cut, and marks behind the cut are left out.
    """
    line, places = _line(text)
    hidden = personal.spans(line[:LOOKED_AT])
    end = min(longest, len(line))
    shown = [(start, stop, f"[{kind}]", "") for start, stop, kind in hidden if start < end]
    for mark in marks:
        start, stop = (bisect_left(places, place) for place in (mark.start, mark.end))
        apart = not any(start < last and first < stop for first, last, _ in hidden)
        if start < stop <= end and apart:
            shown.append((start, stop, line[start:stop], mark.note))
    found, place = "", 0
    for start, stop, words, note in sorted(shown):
        found += _plain(line[place:start])
        found += f"<strong>{escaped(words)} {note}</strong>" if note else escaped(words)
        place = stop
    found += _plain(line[place:end])
    return found.strip() + ("…" if max(place, end) < len(line) else "")


def _plain(piece: str) -> str:
    """Return a piece between two others: space at its ends stays."""
    inner = escaped(piece)
    if not inner:
        return " " if piece else ""
    return (" " if piece[0].isspace() else "") + inner + (" " if piece[-1].isspace() else "")


def _line(text: str) -> tuple[str, list[int]]:
    """Return a text as :func:`escaped` reads it, in one line, and where each letter stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        shown = " " if (shown := printable(letter)).isspace() else shown
        if shown and not (shown == " " and letters[-1:] in ([], [" "])):
            letters.append(shown)
            places.append(place)
    return "".join(letters).rstrip(), places
