"""Cut the text of a table into blocks of whole rows, so that no more than one is held.

Reads text that comes a piece at a time. Writes nothing. A row ends where pandas' parser ends it:
quotes open at the beginning of a cell alone, and what they hold may run over several lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assay.gateways.bounds import Bounds

# What a block holds at most: rows, or one row more than so many characters.
ROWS, CHARACTERS = 4096, 2**22
LINE = re.compile(r"[^\n]*\n")


@dataclass(frozen=True)
class Block:
    """Some whole rows as they are written.

    Attributes:
        text: the rows.
        records: how many of them, blank ones too, stand before it.
        bounds: the limits of the file, that know how many lines stand before it.

    """

    text: str
    records: int
    bounds: Bounds


def row_of(separator: str) -> re.Pattern[str]:
    """Return what one row of CSV looks like, with its end; nothing in it is tried twice."""
    plain = rf"[^{separator}\r\n]*+"
    quoted = rf'"[^"]*+(?:""[^"]*+)*+"{plain}'
    cell = rf'(?:{quoted}|[^"{separator}\r\n]{plain}|)'
    return re.compile(rf'[^"\r\n]*+\r?\n|{cell}(?:{separator}{cell})*+(?:\r\n|\r|\n)')


def blocks(texts: Iterable[str], row: re.Pattern[str], bounds: Bounds) -> Iterator[Block]:
    """Yield all of a text in blocks that end behind a row; the last where the text ends.

    Raises:
        SourceRefused: a line, or a row, is longer than any may be.

    """
    held, place, records, count = "", 0, 0, 0
    for text in texts:
        held += text
        # A return at the very end may be half of the end of a line, a quote half of two.
        while (found := row.match(held, place)) and found.end() < len(held):
            place, count = found.end(), count + 1
            if count == ROWS or place >= CHARACTERS:
                block = _block(held[:place], records, bounds)
                yield block
                bounds = replace(bounds, lines=bounds.lines + block.text.count("\n"))
                held, place, records, count = held[place:], 0, records + count, 0
        _require_end(held, place, bounds)
    if held:
        yield _block(held, records, bounds)


def _block(text: str, records: int, bounds: Bounds) -> Block:
    bounds.require_lines(text)
    return Block(text, records, bounds)


def _require_end(held: str, place: int, bounds: Bounds) -> None:
    """Refuse a row that has not ended although it holds more than quotes and separators explain."""
    limits = bounds.limits
    most = 2 * limits.row_characters + 3 * limits.columns
    if len(held) - place <= most:
        return
    bounds.require_lines(held)
    line = bounds.lines + held.count("\n", 0, place) + 1
    raise bounds.refused(
        "row_characters",
        f"the row that begins in line {line:,} of {bounds.path} is longer than "
        f"{limits.row_characters:,} characters, or a quote in it is never closed",
    )
