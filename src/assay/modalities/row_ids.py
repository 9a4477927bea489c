"""The id of a row: a name of its own or a digest of what it says, and how often that came before.

Reads and writes nothing. Equal rows keep equal ids, whatever is added around them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SEPARATOR = "\x1f"


class RowIds:
    """Gives ids, and counts those that were given before."""

    def __init__(self) -> None:
        """Start with none given."""
        self._given: Counter[str] = Counter()

    def of(self, own: str) -> str:
        """Return ``own``, with ``-1`` behind it the second time, and so on."""
        before = self._given[own]
        self._given[own] += 1
        return own if before == 0 else f"{own}-{before}"


def digest(content: bytes) -> str:
    """Return the digest by which a row without a name is known: 16 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:16]


def row_ids(rows: Iterable[Iterable[str]]) -> list[str]:
    """Return an id for each row of texts."""
    ids = RowIds()
    return [ids.of(digest(SEPARATOR.join(row).encode())) for row in rows]
