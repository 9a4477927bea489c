"""A part that a task adds to its report: words, a table, a picture.

Reads and writes nothing. The stage decides where the table and the picture stand; a task says what
is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd


@dataclass(frozen=True)
class Section:
    """One part of the report.

    Attributes:
        name: of its files: ``tables/<name>.csv`` and ``pictures/<name>.png``.
        title: its heading.
        words: Markdown, written by the task and never by data.
        table: shown below the words; floats with three digits.
        draw: writes the picture, a PNG, to the path that it is given.

    """

    name: str
    title: str
    words: str
    table: pd.DataFrame | None = None
    draw: Callable[[Path], None] | None = None
