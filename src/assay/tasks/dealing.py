"""What every task's split does alike: deal by a hash, describe the parts, refuse a hollow one.

Reads and writes nothing. What makes two rows one is the task's affair.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from assay.artifacts import SPLITS
from assay.errors import DataRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def hashed_share(content: str, seed: int) -> float:
    """Return a number in [0, 1) that depends on the content and the seed alone."""
    digest = hashlib.sha256(f"{seed}\x1f{content}".encode()).digest()
    return int.from_bytes(digest[:8], "little") / 2**64


def dealt(share: float, *, validation: float, test: float) -> str:
    """Return the split that a hashed share falls to, by the sizes of two of them."""
    if share < test:
        return "test"
    return "validation" if share < test + validation else "train"


def describe(labels: pd.Series[str]) -> dict[str, Any]:
    """Return how many rows a split has, in all and by label."""
    counts = labels.value_counts().sort_index()
    return {"rows": len(labels), "labels": {str(name): int(n) for name, n in counts.items()}}


def refuse_hollow(
    labels: pd.Series[str], place: pd.Series[str], wanted: Sequence[str], noun: str
) -> None:
    """Refuse kept rows of which a split, or a label among those to learn from, has none.

    ``noun``: what the user calls a row.

    Raises:
        DataRefused: says what is lacking.

    """
    absent = set(wanted) - set(labels[place.eq("train")])
    if absent:
        raise DataRefused(
            f"no {noun} to learn from is left for {', '.join(sorted(absent))}",
            expected="every label of params.yaml in the train split",
            cure=f"add {noun}s of it to the inbox, or take it out of `labels`",
        )
    empty = [name for name in SPLITS if not place.eq(name).any()]
    if empty:
        raise DataRefused(
            f"{len(labels):,} distinct {noun}s leave the split {' and '.join(empty)} empty",
            expected=f"enough distinct {noun}s for train, validation and test",
            cure=f"bring more {noun}s, or raise split.validation and split.test in params.yaml",
        )
