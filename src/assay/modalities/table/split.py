"""Assign rows to train, validation and test so that a row's split never changes.

Reads the raw table. Writes three Parquet tables, features by their types, and returns what it did,
in counts. A row's split is the hash of its features: rows of equal features stand on one side, and
rows that arrive later move nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.modalities import assignment
from assay.modalities.table import cells
from assay.modalities.table.defects import defects
from assay.paths import SPLITS
from assay.records import SplitReport

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.targets import Targets
    from assay.settings.table import TableIngest, TableSplit


def split(
    raw: Path, ingest: TableIngest, settings: TableSplit, targets: Targets, folder: Path
) -> SplitReport:
    """Write ``<folder>/{train,validation,test}.parquet``; return sizes, balance, drops, leaks.

    Raises:
        DataRefused: a split would be empty, or the objective has nothing to learn from.

    """
    table = pd.read_parquet(raw)
    typed = cells.features(table, ingest)
    found = defects(table, ingest, targets)
    dropped = found.any(axis=1)
    kept = table.copy()
    kept[[str(name) for name in typed]] = typed
    kept = kept[~dropped]
    place = cells.keys(typed)[~dropped].map(lambda key: _place(key, settings))
    splits = assignment.write_splits(kept, place, targets, folder)
    return SplitReport(
        rows=len(table),
        kept=len(kept),
        dropped={
            **{kind: int(found[kind].sum()) for kind in found},
            "any_kind": int(dropped.sum()),
        },
        splits=splits,
        leaks={"exact": leaks(folder, ingest)},
    )


def leaks(folder: Path, settings: TableIngest) -> int:
    """Count, in the written tables, features that stand alike in two splits."""
    parts = [pd.read_parquet(folder / f"{name}.parquet") for name in SPLITS]
    found = [cells.keys(cells.features(part, settings)) for part in parts]
    sides = [name for name, part in zip(SPLITS, parts, strict=True) for _ in range(len(part))]
    names = pd.Series(sides).groupby(pd.concat(found).to_numpy()).nunique()
    return int(names.gt(1).sum())


def _place(key: str, settings: TableSplit) -> str:
    share = assignment.hashed_share(key, settings.seed)
    return assignment.split_of(share, validation=settings.validation, test=settings.test)
