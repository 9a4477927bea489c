"""A value of somebody's data as one short line, safe to print anywhere.

Reads and writes nothing. Such lines are all of a table's own values that gets out, and only a few
of them. What is surely personal in them is masked (:mod:`assay.personal`); the rest may be, too.
"""

from __future__ import annotations

import math
import re

from assay import personal
from assay.visible import escape

EXAMPLES = 5
WIDTH = 80  # characters of an example
LOOKED_AT = 2000  # of a value: a masked one is shorter than it was
# What would break a line, move the cursor, turn the reading direction or show as nothing.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ue000-\uf8ff]")
SHOWN = {"\n": "↵", "\t": "→", "\r": ""}


def excerpt(value: object) -> str:
    """Return a value as one line of at most :data:`WIDTH` characters, masked, safe to print."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "(nothing)"
    text = str(value)
    if not text.strip():
        return "(only space)" if text else "(empty)"
    line = HIDDEN.sub(_visible, personal.beginning(text.strip(), LOOKED_AT)[: 2 * WIDTH])
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def in_short(observed: object) -> str:
    """Return an observed value as it is shown: four digits of a number, a list without marks."""
    if isinstance(observed, list):
        return ", ".join(in_short(one) for one in observed)
    return f"{observed:.4g}" if isinstance(observed, float) else str(observed)


def _visible(match: re.Match[str]) -> str:
    return SHOWN.get(match.group(), escape(match))
