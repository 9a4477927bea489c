"""Texts that ``assay predict`` is asked about: words of the command line, or a table's column."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from assay.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from assay.bundle import Bundle
    from assay.settings.text import TextModel

NOUN = "text"
NOTHING = "texts are blank and get no label"


def words(words: Sequence[str]) -> Sequence[str]:
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


def table(
    file: Path, column: str | None, settings: TextModel
) -> tuple[pd.DataFrame, Sequence[str]]:
    """Return a table's rows and their texts, empty where there is none.

    Raises:
        UsageError: it has no such column; the nearest is named.
        MissingFile, SourceRefused: it is not there, or can't be read.

    """
    from assay.gateways import tables

    rows = tables.read_table(file)
    name = column or settings.ingest.text
    if name not in rows.columns:
        names = [str(one) for one in rows.columns]
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
        raise UsageError(
            f"{file} has no column {name!r}; it has " + ", ".join(map(repr, names)),
            expected="the column that holds the texts",
            cure=f"name it: --column {near[0] if near else 'COLUMN'}",
        )
    return rows, rows[name].astype("str").where(rows[name].notna(), "").tolist()


def usable(contents: Sequence[str], _bundle: Bundle) -> list[bool]:
    """Tell which texts hold more than space."""
    return [bool(text.strip()) for text in contents]


def cut(contents: Sequence[str], bundle: Bundle) -> tuple[int, str]:
    """Return how many texts are longer than the model reads."""
    longest = bundle.facts["max_length"]
    words = f"texts are longer than {longest} tokens; the rest was not read"
    return bundle.encode(contents).truncated, words
