"""Deal rows to train, validation and test so that a row's place never changes.

Reads the raw table. Writes three Parquet tables and returns what it did, in counts. A row's place
is the hash of its normalised text; a near duplicate of an earlier row goes where that one went.
Rows that arrive later therefore move nothing, and test sets stay comparable over retrainings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.artifacts import SPLITS
from assay.tasks import dealing
from assay.tasks.text_classification import cleaning
from assay.tasks.text_classification.duplicates import earlier_neighbours

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.settings.text import TextModel, TextSplit

# Of a row that is like two earlier rows on different sides: it fits neither without a leak.
BETWEEN = "between"


def split(raw: Path, settings: TextModel, folder: Path) -> dict[str, Any]:
    """Write ``<folder>/{train,validation,test}.parquet``; return sizes, balance, drops, leaks.

    Raises:
        DataRefused: a split would be empty, or a class has no row to learn from.

    """
    table = pd.read_parquet(raw)
    found = cleaning.dirt(table)
    normal = table["text"].fillna("").map(cleaning.normalise)
    place = _places(normal, found["blank"], settings.split)
    dropped = cleaning.droppable(found)
    kept = table[~dropped & place.ne(BETWEEN)]
    place = place[kept.index]
    dealing.refuse_hollow(kept["label"], place, settings.labels, "row")
    folder.mkdir(parents=True, exist_ok=True)
    for name in SPLITS:
        kept[place.eq(name)].reset_index(drop=True).to_parquet(
            folder / f"{name}.parquet", index=False
        )
    return {
        "rows": len(table),
        "kept": len(kept),
        "dropped": {
            **{kind: int(found[kind].sum()) for kind in found},
            "any_kind": int(dropped.sum()),
            "between_two_splits": int((~dropped).sum() - len(kept)),
        },
        "splits": {name: dealing.describe(kept["label"][place.eq(name)]) for name in SPLITS},
        "leaks": leaks(folder, settings.split.near_duplicate),
    }


def leaks(folder: Path, threshold: float) -> dict[str, int]:
    """Count, in the written tables, texts that stand (nearly) alike in two splits.

    This looks at the files alone and knows nothing of how they were made.
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

    Dirty rows are dealt too: a row that turns dirty later (a conflicting label arrives) must not
    move those that followed it.
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
    share = dealing.hashed_share(text, settings.seed)
    return dealing.dealt(share, validation=settings.validation, test=settings.test)
