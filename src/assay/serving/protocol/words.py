"""How sentences name what a client sent, without repeating it. Reads and writes nothing.

A sentence may reach a log: it names types, sizes and the names of tensors, never a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST, MOST = 64, 8


def quoted(name: str) -> str:
    """Return a name as Python writes it, cut to :data:`LONGEST` characters."""
    return repr(name if len(name) <= LONGEST else name[:LONGEST] + "...")


def several(names: Iterable[str]) -> str:
    """Return names behind one another, the first :data:`MOST` of them."""
    all_of_them = list(names)
    shown = ", ".join(quoted(name) for name in all_of_them[:MOST])
    more = len(all_of_them) - MOST
    return f"{shown} and {more} more" if more > 0 else shown


def kind(value: object) -> str:
    """Return what a JSON value is. The value itself may be nested too deep to be written."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
