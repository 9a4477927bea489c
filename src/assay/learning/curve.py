"""The training curve as CSV: a row a logged step, empty cells where nothing was measured.

Writes the file that it is told to. Holds nothing that varies from run to run.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from assay.files import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# There are these columns even where nothing was learned.
FIRST = ("step", "epoch", "loss", "learning_rate")


def write(target: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write the rows; the columns are :data:`FIRST`, then all others in their first order."""
    columns = list(dict.fromkeys([*FIRST, *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(target, text.getvalue())
