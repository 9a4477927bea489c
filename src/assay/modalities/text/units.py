"""The units of a text, and the text without one of them: what an answer is explained by.

Reads and writes nothing. A unit is a word, a run of other signs, or, in scripts that put no spaces
between words, a letter with what is written on it: a tokenizer's own pieces are no words that a
reader knows, and to find the words of such a script takes a dictionary. A unit is left out, not
replaced: what stays is a text as the model has learned to read it, and not every tokenizer has a
mask (Zeiler & Fergus 2014, https://arxiv.org/abs/1311.2901, occlude a part of a picture; Li et al.
2016, https://arxiv.org/abs/1612.08220, erase words).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.modalities.text.language import UNSPACED

if TYPE_CHECKING:
    from collections.abc import Iterator

# The model is asked once for each unit: of a longer text, neighbours are left out together.
MOST = 64
ALONE = re.compile(UNSPACED)
APOSTROPHES = "'\u2019"


@dataclass(frozen=True)
class Unit:
    """A unit of a text: ``text[start:end]`` of it."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Occluded:
    """The units of a text, and the text without each of them."""

    units: list[Unit]
    contents: list[str]


def occluded(text: str, most: int = MOST) -> Occluded:
    """Return at most ``most`` units of a text, and the text without each."""
    found = units(text, most)
    return Occluded(found, [text[: unit.start] + text[unit.end :] for unit in found])


def units(text: str, most: int = MOST) -> list[Unit]:
    """Return the units of a text; of more than ``most``, as many neighbours each as it takes."""
    spans = list(_spans(text))
    size = max(-(-len(spans) // most), 1)
    groups = [spans[place : place + size] for place in range(0, len(spans), size)]
    return [Unit(text[group[0][0] : group[-1][1]], group[0][0], group[-1][1]) for group in groups]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each unit begins and ends."""
    start, before = 0, ""
    for place in range(len(text)):
        kind = _kind(text, place)
        if kind == "mark" and before:
            continue
        if kind == before and kind != "alone":
            continue
        if before:
            yield start, place
        start, before = place, kind
    if before:
        yield start, len(text)


def _kind(text: str, place: int) -> str:
    """Return whether a letter is of a word, one alone, a mark on another, a sign, or a space."""
    letter = text[place]
    if letter.isspace():
        return ""
    group = unicodedata.category(letter)[0]
    # Joiners and selectors of emoji are of what stands before them.
    if group == "M" or unicodedata.category(letter) == "Cf":
        return "mark"
    if group in "LN" or letter == "_":
        return "alone" if ALONE.match(letter) else "word"
    inside = text[place - 1 : place].isalnum() and text[place + 1 : place + 2].isalnum()
    return "word" if letter in APOSTROPHES and inside else "sign"
