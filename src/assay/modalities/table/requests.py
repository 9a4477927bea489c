"""Rows that ``assay predict`` is asked about: JSON objects of the command line, or a table.

Reads what the user names. Writes nothing.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from assay.errors import UsageError
from assay.modalities.requests import FileInputs
from assay.modalities.table import cells
from assay.modalities.table.encoding import records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from assay.settings.table import TableIngest

    Row = dict[str, Any]

SHOWN = 2


class RowRequests:
    """Rows; satisfies ``assay.modalities.requests.Requests``."""

    noun = "row"
    unusable = "rows hold no value at all and get no label"
    unreadable = ""

    def __init__(self, settings: TableIngest) -> None:
        """Take the columns of the model."""
        self._settings = settings
        self._names = (*settings.numbers, *settings.categories)

    @property
    def example(self) -> str:
        """The first columns as a JSON object."""
        values: dict[str, object] = dict.fromkeys(self._settings.numbers[:SHOWN], 1.5)
        values |= dict.fromkeys(self._settings.categories[:SHOWN], "...")
        return shlex.quote(json.dumps(values, ensure_ascii=False))

    def words(self, words: Sequence[str]) -> list[Row]:
        """Return the rows that JSON objects hold.

        Raises:
            UsageError: one of them is no JSON object, has a column that the model lacks, or no
                number where one must be.

        """
        return [self._row(word) for word in words]

    def table(self, file: Path, column: str | None) -> tuple[pd.DataFrame, list[Row]]:
        """Return a table's rows, twice: as they stand, and as mappings.

        Raises:
            UsageError: ``column`` was given, or the table lacks a column of the model.
            MissingFile, SourceRefused: it is not there, or can't be read.

        """
        from assay.gateways import tables

        _require_none(column)
        rows = tables.read_table(file, self._settings.limits)
        self._require_columns(file, [str(name) for name in rows.columns])
        return rows, records(rows)

    def parts(self, file: Path, column: str | None) -> FileInputs:
        """Return the same, a part at a time."""
        from assay.gateways.parts import open_parts

        _require_none(column)
        parts = open_parts(file, self._settings.limits)
        self._require_columns(file, parts.schema.names)
        return FileInputs(parts, records)

    def _require_columns(self, file: Path, names: list[str]) -> None:
        if absent := [name for name in self._names if name not in names]:
            raise UsageError(
                f"{file} has no column {', '.join(map(repr, absent))}; it has "
                + ", ".join(map(repr, names)),
                expected="the columns of the model: " + ", ".join(map(repr, self._names)),
                cure="add them (empty cells count as missing), or rename those that you have",
            )

    def usable(self, contents: Sequence[Row]) -> list[bool]:
        """Tell which rows hold at least one value of the model's columns."""
        words = self._settings.missing
        return [
            any(not cells.is_missing(cells.text_of(row.get(name)), words) for name in self._names)
            for row in contents
        ]

    def truncated(self, encoder: Mapping[str, int | tuple[str, ...]]) -> str:
        """Return nothing: of a row the model sees all its columns."""
        return ""

    def occluded(self, content: Row) -> None:
        """Return nothing: rows are explained as a whole, by the report of their model."""

    def remark(self, unknown: float) -> str:
        """Return nothing: a value that training did not know is allowed."""
        return ""

    def _row(self, word: str) -> Row:
        try:
            found = json.loads(word)
        # ValueError: also a whole number of more digits than Python reads.
        except (ValueError, RecursionError) as problem:
            raise self._refused(f"a row is no JSON: {problem}") from problem
        if not isinstance(found, dict):
            raise self._refused(f"a row is no JSON object: {word[:80]}")
        if unknown := [name for name in found if name not in self._names]:
            raise self._refused(f"the model has no column {', '.join(map(repr, unknown))}")
        for name, value in found.items():
            self._require_fitting(name, value)
        return found

    def _require_fitting(self, name: str, value: object) -> None:
        """Refuse what would be read as missing although something stands there."""
        if isinstance(value, list | dict):
            raise self._refused(f"the value of {name!r} is no number or text: {str(value)[:80]}")
        number = cells.number_of(cells.text_of(value), self._settings.missing)
        if name in self._settings.numbers and number is None:
            raise self._refused(f"the value of {name!r} is no number: {str(value)[:80]!r}")

    def _refused(self, found: str) -> UsageError:
        return UsageError(
            found,
            expected="a JSON object with the model's columns: " + ", ".join(map(repr, self._names)),
            cure=f"for instance {self.example}, or give a table: --file FILE",
        )


def _require_none(column: str | None) -> None:
    if column is not None:
        raise UsageError(
            f"--column {column} was given, but a table's model reads many columns",
            expected="a file with the columns that params.yaml names",
            cure="leave out --column",
        )
