"""How an answer reaches standard output: lines for a person, one JSON object for a program.

Writes to standard output alone.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def give(answer: dict[str, Any], lines: Iterable[str], *, json_: bool) -> None:
    """Write the JSON object, or the lines."""
    # A user's Parquet file may hold dates and the like: a program reads those as text.
    text = (
        json.dumps(answer, ensure_ascii=False, indent=2, default=str) if json_ else "\n".join(lines)
    )
    sys.stdout.write(text + "\n")


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines of aligned columns; wide (CJK) characters count for two."""
    from rich.cells import cell_len

    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
