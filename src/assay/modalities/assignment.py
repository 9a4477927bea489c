"""Which split a row belongs to, by a hash of its content: a row's split never changes.

Writes the tables of the splits, where a modality keeps them in memory. What makes two rows one is
the modality's decision.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from assay.errors import DataRefused
from assay.paths import SPLITS
from assay.records import SplitPart

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from assay.modalities.targets import Targets

ROW = "row"


def hashed_share(content: str, seed: int) -> float:
    """Return a number in [0, 1) that depends on the content and the seed alone."""
    digest = hashlib.sha256(f"{seed}\x1f{content}".encode()).digest()
    return int.from_bytes(digest[:8], "little") / 2**64


def split_of(share: float, *, validation: float, test: float) -> str:
    """Return the split of a hashed share, by the sizes of the validation and the test split."""
    if share < test:
        return "test"
    return "validation" if share < test + validation else "train"


def require_no_empty_split(place: pd.Series[str], noun: str) -> None:
    """Refuse an assignment that leaves a split without rows; ``noun`` is what a row is called.

    Raises:
        DataRefused: says which split is empty.

    """
    empty = [name for name in SPLITS if not place.eq(name).any()]
    if empty:
        raise DataRefused(
            f"{len(place):,} distinct {noun}s leave the split {' and '.join(empty)} empty",
            expected=f"enough distinct {noun}s for train, validation and test",
            cure=f"bring more {noun}s, or raise split.validation and split.test in params.yaml",
        )


def write_splits(
    kept: pd.DataFrame, place: pd.Series[str], targets: Targets, folder: Path
) -> dict[str, SplitPart]:
    """Write ``<folder>/{train,validation,test}.parquet`` of rows by their split; return the counts.

    Raises:
        DataRefused: a split would be empty, or the objective has nothing to learn from.

    """
    targets.require(kept, place, ROW)
    require_no_empty_split(place, ROW)
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: kept[place.eq(name)].reset_index(drop=True) for name in SPLITS}
    for name, part in parts.items():
        part.to_parquet(folder / f"{name}.parquet", index=False)
    return {
        name: SplitPart(rows=len(part), labels=targets.counts(part)) for name, part in parts.items()
    }
