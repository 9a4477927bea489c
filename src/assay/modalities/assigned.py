"""Which split each row was assigned to, ever: what keeps a row on its side when others arrive.

Reads the record of the split before, and writes that of this one: ``assignment.parquet`` beside
the tables of the splits, a digest of each distinct row with its split. Holds no content. A record
counts for the same rule (seed, shares, threshold of near duplicates) alone: another rule assigns
every row anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FILE = "assignment.parquet"
RULE = b"rule"
# Of a row that is like two rows on different sides: it fits neither without a leak.
BETWEEN = "between_two_splits"
RANKS = {"test": 0, "validation": 1, "train": 2}


@dataclass(frozen=True)
class Assigned:
    """The splits of rows by :func:`row_of` their content, under one rule."""

    rule: str
    splits: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, record: Path | None, rule: str) -> Assigned:
        """Return what ``record`` holds; nothing where there is none, or where the rule differs."""
        if record is None:
            return cls(rule)
        table = parquet.read_table(record)
        if (table.schema.metadata or {}).get(RULE) != rule.encode():
            return cls(rule)
        rows, splits = (table[name].to_pylist() for name in ("row", "split"))
        return cls(rule, dict(zip(rows, splits, strict=True)))

    def of(self, content: str) -> str | None:
        """Return the split that a row was assigned to before; None for a new one."""
        return self.splits.get(row_of(content))

    def first(self, contents: Sequence[str]) -> list[int]:
        """Return the places of ``contents``: of those assigned before, then of the new ones.

        Test rows stand before validation and train rows: where two known rows turn out to be near
        duplicates (one was away when the other came), it is the train row that is left out.
        """
        sides = [self.of(content) for content in contents]
        rank = [RANKS.get(side or "", len(RANKS) + (side is None)) for side in sides]
        return sorted(range(len(contents)), key=rank.__getitem__)

    def keep(self, content: str, neighbours: Iterable[str]) -> str | None:
        """Return a known row's split, or :data:`BETWEEN` beside ``neighbours`` on another side.

        None for a new row.
        """
        own = self.of(content)
        apart = own in RANKS and any(side in RANKS and side != own for side in neighbours)
        return BETWEEN if apart else own

    def write(self, splits: Mapping[str, str], folder: Path) -> None:
        """Write ``<folder>/assignment.parquet``: what was known, and the new ones of ``splits``."""
        merged = {**{row_of(content): side for content, side in splits.items()}, **self.splits}
        rows = sorted(merged)
        table = pa.table(
            {
                "row": pa.array(rows, pa.uint64()),
                "split": pa.array([merged[row] for row in rows], pa.string()),
            }
        )
        parquet.write_table(table.replace_schema_metadata({RULE: self.rule}), folder / FILE)


def row_of(content: str) -> int:
    """Return the first 64 bits of a content's SHA-256."""
    return int.from_bytes(hashlib.sha256(content.encode()).digest()[:8], "little")
