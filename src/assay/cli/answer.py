"""How an answer reaches standard output: lines for a person, one JSON object for a program.

Writes to standard output alone, and there no letter that a terminal would obey: what somebody's
text holds of these is shown, or escaped as JSON does.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from assay.visible import visible, visible_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def give(answer: dict[str, Any], lines: Iterable[str], *, json_: bool) -> None:
    """Write the JSON object, or the lines."""
    text = as_json(answer, indent=2) if json_ else visible("\n".join(lines))
    sys.stdout.write(text + "\n")


def as_json(answer: dict[str, Any], indent: int | None = None) -> str:
    """Return an answer as JSON that may be printed."""
    # A user's Parquet file may hold dates and the like: a program reads those as text.
    return visible_json(json.dumps(answer, ensure_ascii=False, indent=indent, default=str))


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines of aligned columns; wide (CJK) characters count for two."""
    from rich.cells import cell_len

    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
