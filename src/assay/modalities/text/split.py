"""Assign rows to train, validation and test so that a row's split never changes.

Reads the raw table. Writes three Parquet tables and returns what it did, in counts. A row's split
is the hash of its normalised text; a near duplicate of an earlier row goes where that one went.
Rows that arrive later therefore move nothing, and test sets stay comparable over retrainings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.modalities import assignment
from assay.modalities.text import cleaning
from assay.modalities.text.duplicates import earlier_neighbours
from assay.paths import SPLITS
from assay.records import SplitReport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.modalities.targets import Targets
    from assay.settings.text import TextSplit

# Of a row that is like two earlier rows on different sides: it fits neither without a leak.
BETWEEN = "between"


def split(raw: Path, settings: TextSplit, targets: Targets, folder: Path) -> SplitReport:
    """Write ``<folder>/{train,validation,test}.parquet``; return sizes, balance, drops, leaks.

    Raises:
        DataRefused: a split would be empty, or the objective has nothing to learn from.

    """
    table = pd.read_parquet(raw)
    text = table["text"]
    nothing_exempt = pd.Series(False, index=table.index)
    found = cleaning.defects(text)
    found = pd.concat([found, targets.defects(table, cleaning.key(text), nothing_exempt)], axis=1)
    dropped = found.any(axis=1)
    place = _places(text.fillna("").map(cleaning.normalise), found["blank"], settings)
    kept = table[~dropped & place.ne(BETWEEN)]
    place = place[kept.index]
    splits = assignment.write_splits(kept, place, targets, folder)
    return SplitReport(
        rows=len(table),
        kept=len(kept),
        dropped={
            **{kind: int(found[kind].sum()) for kind in found},
            "any_kind": int(dropped.sum()),
            "between_two_splits": int((~dropped).sum() - len(kept)),
        },
        splits=splits,
        leaks=leaks(folder, settings.near_duplicate),
    )


def leaks(folder: Path, threshold: float) -> dict[str, int]:
    """Count, in the written tables, texts that stand (nearly) alike in two splits.

    Only the files are read, not how they were made.
    """
    parts = [pd.read_parquet(folder / f"{name}.parquet", columns=["text"]) for name in SPLITS]
    texts = pd.concat([part["text"].map(cleaning.normalise) for part in parts], ignore_index=True)
    side = [name for name, part in zip(SPLITS, parts, strict=True) for _ in range(len(part))]
    sides = pd.Series(side).groupby(texts.to_numpy()).nunique()
    distinct = texts.drop_duplicates()
    own = [side[row] for row in distinct.index]
    neighbours = earlier_neighbours(distinct.tolist(), threshold)
    near = sum(own[row] != own[other] for row, others in enumerate(neighbours) for other in others)
    return {"exact": int(sides.gt(1).sum()), "near": near}


def _places(normal: pd.Series[str], blank: pd.Series[bool], settings: TextSplit) -> pd.Series[str]:
    """Return each row's split, or :data:`BETWEEN`.

    Rows with defects are assigned too: a row that gets a defect later (a conflicting label
    arrives) must not move those that followed it.
    """
    distinct = normal[~blank].drop_duplicates()
    place: list[str] = []
    neighbours = earlier_neighbours(distinct.tolist(), settings.near_duplicate)
    for text, earlier in zip(distinct, neighbours, strict=True):
        place.append(_place(text, [place[other] for other in earlier], settings))
    by_text = dict(zip(distinct, place, strict=True))
    return normal.map(lambda text: by_text.get(text, "train"))


def _place(text: str, sides: Sequence[str], settings: TextSplit) -> str:
    taken = sorted(set(sides) - {BETWEEN})
    if len(taken) > 1:
        return BETWEEN
    if taken:
        return taken[0]
    share = assignment.hashed_share(text, settings.seed)
    return assignment.split_of(share, validation=settings.validation, test=settings.test)
