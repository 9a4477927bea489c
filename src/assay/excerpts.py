"""A value of somebody's data as one short line, safe to print anywhere.

Reads and writes nothing. Such lines are all of a table's own values that gets out, and only a few
of them: they may be personal data.
"""

from __future__ import annotations

import math
import re

EXAMPLES = 5
WIDTH = 80  # characters of an example
# What would break a line, move the cursor, turn the reading direction or show as nothing.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ue000-\uf8ff]")
SHOWN = {"\n": "↵", "\t": "→", "\r": ""}


def excerpt(value: object) -> str:
    """Return a value as one line of at most :data:`WIDTH` characters, safe to print anywhere."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "(nothing)"
    text = str(value)
    if not text.strip():
        return "(only space)" if text else "(empty)"
    line = HIDDEN.sub(_visible, text[: 2 * WIDTH].strip())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def in_short(observed: object) -> str:
    """Return an observed value as it is shown: four digits of a number, a list without marks."""
    if isinstance(observed, list):
        return ", ".join(in_short(one) for one in observed)
    return f"{observed:.4g}" if isinstance(observed, float) else str(observed)


def _visible(match: re.Match[str]) -> str:
    letter = match.group()
    return SHOWN.get(letter, letter.encode("unicode_escape").decode("ascii"))
