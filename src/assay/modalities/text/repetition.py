"""What documents repeat: within themselves, and lines that many of them share.

Reads and writes nothing. Repeated text is what language models learn to repeat: shares of repeated
lines and n-grams are those of Rae et al., "Scaling language models: methods, analysis & insights
from training Gopher", 2021, table A1, counted here in lines and n-grams, not in characters.

A unit is a word, or one character of a script that puts no space between words. An n-gram has 5
units, or 8 where most units are such characters (about as much text). Lines of fewer units count
as lines, but never as repeated: names of speakers, marks and short headings do repeat.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from assay.modalities.text.language import UNSPACED

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

WORDS, CHARACTERS = 5, 8
ALONE = re.compile(UNSPACED)
UNIT = re.compile(rf"{UNSPACED}|[^\W{UNSPACED[1:-1]}]+")
# A line is boilerplate that stands in so many documents: one in a hundred, and never less than 3.
FEWEST_DOCUMENTS, SHARE_OF_DOCUMENTS = 3, 0.01


@dataclass(frozen=True)
class Repetition:
    """What one document repeats.

    Attributes:
        lines: those of an n-gram's length or more, without the space around them, in order.
        all_lines: the number of all that are not blank.
        units: the number of words, or characters of scripts without spaces.
        line_share: of all lines, those among ``lines`` that stood earlier, 0 to 1.
        ngram_share: of the document's n-grams, those that stood earlier, 0 to 1.

    """

    lines: tuple[str, ...]
    all_lines: int
    units: int
    line_share: float
    ngram_share: float


def repetition(text: str) -> Repetition:
    """Return what a document repeats within itself."""
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    split: list[list[str]] = [UNIT.findall(line) for line in lines]
    units = list(chain.from_iterable(split))
    size = CHARACTERS if 2 * len(ALONE.findall(text)) > len(units) else WORDS
    long = tuple(line for line, own in zip(lines, split, strict=True) if len(own) >= size)
    return Repetition(
        lines=long,
        all_lines=len(lines),
        units=len(units),
        line_share=(len(long) - len(set(long))) / max(len(lines), 1),
        ngram_share=_repeated_ngrams(units, size),
    )


def boilerplate(documents: Sequence[Repetition]) -> dict[str, int]:
    """Return the lines that stand in many documents, with the number of these, most first."""
    counts = Counter(chain.from_iterable(set(one.lines) for one in documents))
    least = max(FEWEST_DOCUMENTS, SHARE_OF_DOCUMENTS * len(documents))
    found = [(line, count) for line, count in counts.items() if count >= least]
    return dict(sorted(found, key=lambda one: (-one[1], one[0])))


def boilerplate_share(document: Repetition, known: Container[str]) -> float:
    """Return the share of a document's lines that are among ``known``, 0 to 1."""
    return sum(line in known for line in document.lines) / max(document.all_lines, 1)


def _repeated_ngrams(units: Sequence[str], size: int) -> float:
    total = len(units) - size + 1
    if total < 1:
        return 0.0
    distinct = len(set(zip(*(units[start:] for start in range(size)), strict=False)))
    return (total - distinct) / total
