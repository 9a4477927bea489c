"""Markdown that says what data says and obeys none of it: cells, tables, numbers.

Reads and writes nothing. Everything that comes from data goes through :func:`escaped`, so that a
row is never read as a table, a picture, a link or HTML.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from assay import personal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What Markdown, GitHub's included, reads as structure inside a table's cell.
SPECIAL = re.compile(r"[&<>|`*\[\]~$\\@]|(?<!\w)_|_(?!\w)")
# These turn the direction of the text around them, or hide in it.
DIRECTIONS = frozenset(
    "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
LONGEST = 400
LOOKED_AT = 4000  # letters: a masked text is shorter than it was


def escaped(text: object, longest: int = LONGEST) -> str:
    """Return text as one line that Markdown and HTML show and never obey, masked.

    Longer than ``longest`` letters, it is cut.
    """
    line = " ".join("".join(map(printable, str(text))).split())
    line = personal.beginning(line, LOOKED_AT)
    if len(line) > longest:
        line = line[: longest - 1] + "…"
    line = SPECIAL.sub(lambda found: f"&#{ord(found[0])};", line)
    # GitHub makes links of these without being asked.
    return line.replace("://", "&#58;//").replace("www.", "www&#46;")


def tabulate(heads: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Return a table of cells that are Markdown already; ``right`` are columns of numbers."""
    aligned = set(right)
    rule = ["---:" if place in aligned else "---" for place in range(len(heads))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (heads, rule, *rows))


def listed(names: Sequence[str], most: int = 10) -> str:
    """Return names as one phrase; beyond ``most`` of them, how many more there are."""
    shown = ", ".join(escaped(name, 60) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def number(value: float | None) -> str:
    """Return a figure with three digits; None is one that the rows leave undefined."""
    return "undefined" if value is None else f"{value:.3f}"


def percent(value: Any) -> str:
    """Return a share as per cent."""
    return f"{value * 100:.1f} %"


def points(value: float) -> str:
    """Return a difference of two shares as percentage points, signed."""
    return f"{value * 100:+.1f} points"


def span(interval: tuple[float, float] | None, *, signed: bool = False, scale: float = 1) -> str:
    """Return an interval, ``scale`` 100 for per cent; nothing where there is none."""
    if interval is None:
        return ""
    digits = 3 if scale == 1 else 1
    low, high = (f"{bound * scale:{'+' if signed else ''}.{digits}f}" for bound in interval)
    return f"{low} to {high}"


def printable(letter: str) -> str:
    """Return a letter; space for a control character, nothing for one that turns directions."""
    if letter in DIRECTIONS:
        return ""
    return " " if unicodedata.category(letter) in {"Cc", "Zl", "Zp", "Cs"} else letter
