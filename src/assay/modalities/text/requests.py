"""Texts that ``assay predict`` is asked about: words of the command line, or a table's column.

Reads what the user names. Writes nothing.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from assay.errors import UsageError
from assay.modalities.requests import FileInputs
from assay.modalities.text import units
from assay.settings.limits import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from assay.settings.limits import Limits


class TextRequests:
    """Texts; satisfies ``assay.modalities.requests.Requests``."""

    noun = "text"
    example = '"I love this phone"'
    unusable = "texts are blank and get no label"
    unreadable = (
        "texts can't be read by this model, and its answers to them say little: train it with a "
        "checkpoint that reads this language (train.checkpoint in params.yaml)"
    )

    def __init__(self, column: str, limits: Limits = DEFAULT) -> None:
        """Take the name that the settings give the column of texts, and the bounds of a table."""
        self._column, self._limits = column, limits

    def words(self, words: Sequence[str]) -> Sequence[str]:
        """Return the texts themselves.

        Raises:
            UsageError: one of them holds bytes that are not UTF-8.

        """
        if any("\ud800" <= letter <= "\udfff" for one in words for letter in one):
            raise UsageError(
                "a text holds bytes that are not UTF-8",
                expected="text in UTF-8",
                cure="set the terminal to UTF-8, or give the texts in a file: --file FILE",
            )
        return words

    def table(self, file: Path, column: str | None) -> tuple[pd.DataFrame, Sequence[str]]:
        """Return a table's rows and their texts, empty where there is none.

        Raises:
            UsageError: it has no such column; the nearest is named.
            MissingFile, SourceRefused: it is not there, or can't be read.

        """
        from assay.gateways import tables

        rows = tables.read_table(file, self._limits)
        name = self._column_of(file, [str(one) for one in rows.columns], column)
        return rows, _texts(rows, name)

    def parts(self, file: Path, column: str | None) -> FileInputs:
        """Return the same, a part at a time."""
        from assay.gateways.parts import open_parts

        parts = open_parts(file, self._limits)
        name = self._column_of(file, parts.schema.names, column)
        return FileInputs(parts, lambda rows: _texts(rows, name))

    def _column_of(self, file: Path, names: list[str], column: str | None) -> str:
        name = column or self._column
        if name in names:
            return name
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        raise UsageError(
            f"{file} has no column {name!r}; it has " + ", ".join(map(repr, names)),
            expected="the column that holds the texts",
            cure=f"name it: --column {near[0] if near else 'COLUMN'}",
        )

    def usable(self, contents: Sequence[str]) -> list[bool]:
        """Tell which texts hold more than space."""
        return [bool(text.strip()) for text in contents]

    def truncated(self, encoder: Mapping[str, int | tuple[str, ...]]) -> str:
        """Return that texts are longer than the model reads."""
        return f"texts are longer than {encoder['max_length']} tokens; the rest was not read"

    def occluded(self, content: str) -> units.Occluded:
        """Return a text's words, and the text without each."""
        return units.occluded(content)

    def remark(self, unknown: float) -> str:
        """Return how much of a text the model does not know."""
        return f"not readable: {100 * unknown:.0f} % of its tokens are unknown to the model"


def _texts(rows: pd.DataFrame, name: str) -> list[str]:
    return rows[name].astype("str").where(rows[name].notna(), "").tolist()
