"""What two texts being the same means, and which rows can't be learned from.

Reads and writes nothing. ``validate`` counts with these rules and ``split`` drops by them, so
that what the report announces is what happens.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from typing import Any

# The column that names the split which a source put a row in, and its value for the test split.
GIVEN, TEST = "given", "test"
# U+FFFD stands where a decoder met bytes that are no text; the others are control characters
# (Unicode's category Cc) that no one typed. Tab, newline and carriage return are spacing.
BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")


def normalise(text: str) -> str:
    """Return the form in which two texts are compared: NFKC, case-folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def is_broken(text: str) -> bool:
    """Tell whether a text holds replacement or control characters."""
    return BROKEN.search(text) is not None


def is_test(table: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows stand in the test split that the source came with, by ``given``."""
    if GIVEN not in table:
        return pd.Series(False, index=table.index)
    return table[GIVEN].eq(TEST)


def defects(texts: pd.Series[Any], given_test: pd.Series[bool]) -> pd.DataFrame:
    """Return a boolean column for each kind of defect, aligned with ``texts``.

    ``blank``: no text, or nothing but space. ``one_character``: a single character after
    normalisation. ``broken``: replacement or control characters. ``in_the_test_split``: the same
    normalised text stands in the test split that the source came with. ``duplicate``: it stands in
    an earlier row. A given test split keeps its own duplicates, so that figures on it compare.
    """
    text = texts.astype("object").where(texts.notna(), "")
    normal = text.map(normalise)
    real = normal.ne("")
    in_test = real & ~given_test & normal.isin(normal[given_test])
    others = normal.where(real & ~given_test & ~in_test)
    return pd.DataFrame(
        {
            "blank": ~real,
            "one_character": normal.str.len().eq(1),
            "broken": text.map(is_broken).astype(bool),
            "in_the_test_split": in_test,
            "duplicate": others.notna() & others.duplicated(),
        },
        index=texts.index,
    )


def key(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return what equal texts have in common: the normalised text, None for a blank one."""
    normal = texts.fillna("").map(normalise).astype("object")
    return normal.where(normal.ne(""), None)
