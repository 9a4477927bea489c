"""Tables as CSV that a spreadsheet shows and never runs.

Reads and writes nothing. A cell that begins with one of :data:`STARTS` is a formula to Excel,
LibreOffice and Google Sheets, and may send the row elsewhere or start a program (OWASP, "CSV
injection"): an apostrophe in front makes it text. Numbers stay numbers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# The full-width ones are read as their ASCII ones where Chinese or Japanese is set.
STARTS = "=+-@\t\r\n＝＋－＠"
# Alone it is left without quotes by Python's writer, and ends the row: the rest would be a cell.
RETURN = re.compile("\r(?!\n)")
NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|[.]\d+)([eE][+-]?\d+)?%?", re.ASCII)


def guarded(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with an apostrophe in front of every cell and name that begins so."""
    return table.map(guarded_cell).rename(columns=guarded_cell)


def guarded_cell(value: Any) -> Any:
    """Return a text that a spreadsheet would run with an apostrophe in front; all else as it is.

    A carriage return that ends no line becomes a newline.
    """
    if not isinstance(value, str):
        return value
    text = RETURN.sub("\n", value)
    return f"'{text}" if text.startswith(tuple(STARTS)) and not NUMBER.fullmatch(text) else text
