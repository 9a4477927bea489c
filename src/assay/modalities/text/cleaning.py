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

# U+FFFD stands where a decoder met bytes that are no text; the others are control characters
# (Unicode's category Cc) that no one typed. Tab, newline and carriage return are spacing.
BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")


def normalise(text: str) -> str:
    """Return the form in which two texts are compared: NFKC, case-folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def is_broken(text: str) -> bool:
    """Tell whether a text holds replacement or control characters."""
    return BROKEN.search(text) is not None


def defects(texts: pd.Series[Any]) -> pd.DataFrame:
    """Return a boolean column for each kind of defect, aligned with ``texts``.

    ``blank``: no text, or nothing but space. ``one_character``: a single character after
    normalisation. ``broken``: replacement or control characters. ``duplicate``: the same
    normalised text stands in an earlier row.
    """
    text = texts.astype("object").where(texts.notna(), "")
    normal = text.map(normalise)
    real = normal.ne("")
    return pd.DataFrame(
        {
            "blank": ~real,
            "one_character": normal.str.len().eq(1),
            "broken": text.map(is_broken).astype(bool),
            "duplicate": real & normal.duplicated(),
        },
        index=texts.index,
    )


def key(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return what equal texts have in common: the normalised text, None for a blank one."""
    normal = texts.fillna("").map(normalise).astype("object")
    return normal.where(normal.ne(""), None)
