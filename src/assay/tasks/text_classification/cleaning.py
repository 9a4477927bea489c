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


def dirt(table: pd.DataFrame) -> pd.DataFrame:
    """Return a boolean column for each kind of dirt, aligned with ``table`` (``text``, ``label``).

    ``blank``: no text, or nothing but space. ``one_character``: a single character after
    normalisation. ``broken``: replacement or control characters. ``duplicate``: the same
    normalised text stands in an earlier row. ``conflict``: the same normalised text carries
    different labels.
    """
    text = table["text"].astype("object").where(table["text"].notna(), "")
    normal = text.map(normalise)
    real = normal.ne("")
    frame = pd.DataFrame({"normal": normal, "label": table["label"]}, index=table.index)
    labels_of = frame[real].groupby("normal")["label"].nunique()
    return pd.DataFrame(
        {
            "blank": ~real,
            "one_character": normal.str.len().eq(1),
            "broken": text.map(is_broken).astype(bool),
            "duplicate": real & normal.duplicated(),
            "conflict": normal.map(labels_of).fillna(0).gt(1),
        },
        index=table.index,
    )


def droppable(found: pd.DataFrame) -> pd.Series[Any]:
    """Return which rows ``split`` leaves out, from :func:`dirt`: every kind of dirt."""
    return found.any(axis=1)
