"""Letters that a terminal obeys rather than shows, made visible.

Reads nothing, and writes nothing but a traceback to standard error. Whatever is printed may hold
somebody's text, label or file name: a control character in it could colour, move, rename the
window or answer for the user.
"""

from __future__ import annotations

import re
import sys
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

# C0 but tab and newline, C1, and what turns the reading direction or breaks a line unseen.
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


def visible(text: str) -> str:
    r"""Return ``text`` with each such letter as Python writes it, e.g. ``\x1b``."""
    return OBEYED.sub(escape, text)


def visible_json(text: str) -> str:
    r"""Return JSON that holds the same, each such letter escaped as JSON does, e.g. ``\u009b``."""
    return OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def escape(found: re.Match[str]) -> str:
    """Return a letter that was found as Python writes it in a string."""
    return found[0].encode("unicode_escape").decode("ascii")


def show_fault(
    kind: type[BaseException], problem: BaseException, trace: TracebackType | None
) -> None:
    """Write a traceback, whose last line may quote anything: a ``sys.excepthook``."""
    sys.stderr.write(visible("".join(traceback.format_exception(kind, problem, trace))))
