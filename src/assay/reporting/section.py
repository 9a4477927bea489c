"""A section of a report: words, a table, a figure.

Reads and writes nothing. The page decides where a section stands; its author what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    Draw = Callable[[Path], None]

# The section, and so its picture, that shows rows themselves.
WORST = "worst"


@dataclass(frozen=True)
class Section:
    """One section.

    Attributes:
        name: of its files: ``tables/<name>.csv`` and ``pictures/<name>.png``.
        title: its heading.
        words: Markdown; whatever comes from data in it is escaped.
        table: shown below the words; floats with three digits.
        draw: writes the figure, a PNG, to the path that it is given; shown below the table.

    """

    name: str
    title: str
    words: str
    table: pd.DataFrame | None = None
    draw: Draw | None = None
