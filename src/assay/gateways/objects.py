"""Rows out of JSON: one object a row, in JSON Lines or one document.

Reads text that is in memory already. Writes nothing. No object is parsed that is longer than a row
may be: what JSON turns into takes up to fifty times its length.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assay.gateways.bounds import Bounds

# The note of a table that names the columns whose JSON is an object or a list.
NESTED = "nested"
# What the parser says of a text without an end, and the length of the longest word it takes whole.
OPEN, ESCAPE = "Unterminated string", 12
# A list in a cell is written anew: 1e15, and its comma, in four times its length.
WRITTEN_ANEW = 5
SPACE = re.compile(r"[ \t\n\r]*")


def from_lines(text: str, bounds: Bounds) -> pd.DataFrame:
    """Return the rows of JSON Lines.

    Raises:
        ValueError: a line is no JSON, or no object; it is named.
        SourceRefused: a line, a cell or the table is larger than the limits.

    """
    bounds.require_lines(text)
    return _table(_lines(text, bounds), bounds)


def from_document(text: str, bounds: Bounds) -> pd.DataFrame:
    """Return the rows of one JSON document: an object, or a list of them.

    Raises:
        ValueError: it is no JSON, or holds something else; the place is named.
        SourceRefused: an object, a cell or the table is larger than the limits.

    """
    return _table(_elements(text, bounds), bounds)


def _lines(text: str, bounds: Bounds) -> Iterator[tuple[Any, bool]]:
    most = min(bounds.limits.cell_characters, bounds.limits.row_characters) // WRITTEN_ANEW
    # Not splitlines(): a text may hold U+2028, which JSON does not end a line at.
    for number, line in enumerate(text.split("\n"), start=1 + bounds.lines):
        if not line.strip():
            continue
        try:
            yield json.loads(line), len(line) <= most
        except json.JSONDecodeError as problem:
            where = f"line {number}, column {problem.colno}"
            raise ValueError(f"{problem.msg} in {where}") from problem


def _elements(text: str, bounds: Bounds) -> Iterator[tuple[Any, bool]]:
    """Yield what a long list holds, one at a time; a short document as it stands."""
    most, start = bounds.limits.row_characters, _after_space(text, 0)
    if len(text) - start <= most:
        yield json.loads(text), False
        return
    if text[start] != "[":
        raise bounds.wide_row(1, len(text) - start)
    elements = _Elements(text, bounds)
    place, separator = start + 1, ","
    while separator == ",":
        found, place = elements.at(_after_space(text, place))
        yield found, False
        separator, place = text[place : place + 1], place + 1
    if separator != "]":
        raise json.JSONDecodeError("Expecting ',' delimiter", text, place - 1)
    if (rest := _after_space(text, place)) != len(text):
        raise json.JSONDecodeError("Extra data", text, rest)


class _Elements:
    """The values of a long document, each parsed out of a piece twice as long as one may be."""

    def __init__(self, text: str, bounds: Bounds) -> None:
        self._text, self._bounds = text, bounds
        self._most = bounds.limits.row_characters
        self._start, self._piece, self._number = 0, "", 0
        self._decoder = json.JSONDecoder()

    def at(self, place: int) -> tuple[Any, int]:
        """Return the value that begins at a place, and where the next sign after it stands."""
        self._number += 1
        if self._start + len(self._piece) - place <= self._most:
            self._start, self._piece = place, self._text[place : place + 2 * self._most + 2]
        seen = self._start + len(self._piece)
        try:
            found, end = self._decoder.raw_decode(self._piece, place - self._start)
        except json.JSONDecodeError as problem:
            # Cut off where the piece ends: it goes on, and is too long already.
            cut = problem.pos >= len(self._piece) - ESCAPE or problem.msg.startswith(OPEN)
            if cut and seen < len(self._text):
                raise self._bounds.wide_row(self._number, seen - place) from problem
            where = self._start + problem.pos
            raise json.JSONDecodeError(problem.msg, self._text, where) from problem
        length = self._start + end - place
        if length > self._most:
            raise self._bounds.wide_row(self._number, length)
        return found, _after_space(self._text, self._start + end)


def _after_space(text: str, place: int) -> int:
    found = SPACE.match(text, place)
    return found.end() if found else place


def _table(parsed: Iterable[tuple[Any, bool]], bounds: Bounds) -> pd.DataFrame:
    """Return one row an object; a number or truth value comes as the JSON that stands there.

    Beside each value stands whether its text is so short that no cell of it can be too long.
    """
    rows: list[dict[str, str | None]] = []
    columns: set[str] = set()
    nested: set[str] = set()
    for found, short in parsed:
        for row in found if isinstance(found, list) else [found]:
            if not isinstance(row, dict):
                raise ValueError(f"{json.dumps(row)[:80]} is no JSON object")
            cells = {str(name): _cell(value) for name, value in row.items()}
            if not short:
                bounds.require_row(len(rows) + 1, cells)
            rows.append(cells)
            nested |= {name for name, value in row.items() if isinstance(value, dict | list)}
            if not columns.issuperset(cells):
                columns.update(cells)
                bounds.require_shape(len(rows), len(columns))
    bounds.require_shape(len(rows), len(columns))
    table = pd.DataFrame(rows)
    table.attrs |= {NESTED: sorted(nested)} if nested else {}
    return table


def _cell(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        # Half an emoji, cut off by its writer, is no text: it becomes U+FFFD, which is counted.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return json.dumps(value, ensure_ascii=False)
