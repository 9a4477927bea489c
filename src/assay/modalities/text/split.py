"""Assign rows to train, validation and test so that a row's split never changes.

Reads the raw table, and the record of earlier assignments. Writes three Parquet tables and the
record, and returns what it did, in counts. A test split that the source came with stays the test
split. Else a row that was assigned before keeps its split, and a new one's is the hash of its
normalised text; a near duplicate of an earlier row goes where that one went. Rows that arrive later
therefore move nothing, whatever their files are called, and test sets stay comparable over
retrainings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.modalities import assignment
from assay.modalities.assigned import BETWEEN, Assigned
from assay.modalities.text import cleaning
from assay.modalities.text.duplicates import earlier_neighbours
from assay.paths import SPLITS
from assay.records import SplitReport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.modalities.targets import Targets
    from assay.settings.text import TextSplit

# Of a text that is like one of the given test split.
NEAR_TEST = "near_the_test_split"


def split(
    raw: Path, settings: TextSplit, targets: Targets, folder: Path, earlier: Path | None = None
) -> SplitReport:
    """Write ``<folder>/{train,validation,test}.parquet``; return sizes, balance, drops, leaks.

    ``earlier`` is the record of the split before (:mod:`assay.modalities.assigned`).

    Raises:
        DataRefused: a split would be empty, or the objective has nothing to learn from.

    """
    table = pd.read_parquet(raw)
    text = table["text"]
    given = cleaning.is_test(table)
    found = cleaning.defects(text, given)
    found = pd.concat([found, targets.defects(table, cleaning.key(text), given)], axis=1)
    dropped = found.any(axis=1)
    before = Assigned.read(earlier, _rule(settings, has_test=bool(given.any())))
    normal = text.fillna("").map(cleaning.normalise)
    real = ~found["blank"]
    texts, tests = (normal[rows].drop_duplicates().tolist() for rows in (real, real & given))
    by_text = _assign(texts, tests, before, settings)
    place = normal.map(lambda text: by_text.get(text, "train"))
    left_out = place[~dropped].value_counts()
    kept = table[~dropped & place.isin(SPLITS)]
    place = place[kept.index]
    splits = assignment.write_splits(kept, place, targets, folder)
    before.write(by_text, folder)
    return SplitReport(
        rows=len(table),
        kept=len(kept),
        dropped={
            **{kind: int(found[kind].sum()) for kind in found},
            "any_kind": int(dropped.sum()),
            NEAR_TEST: int(left_out.get(NEAR_TEST, 0)),
            BETWEEN: int(left_out.get(BETWEEN, 0)),
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


def _rule(settings: TextSplit, *, has_test: bool) -> str:
    test = "given" if has_test else settings.test
    shares = f"test {test}, validation {settings.validation}"
    return f"seed {settings.seed}, {shares}, near duplicates from {settings.near_duplicate}"


def _assign(
    texts: Sequence[str], tests: Sequence[str], before: Assigned, settings: TextSplit
) -> dict[str, str]:
    """Return the split of each distinct normalised text, :data:`BETWEEN` or :data:`NEAR_TEST`.

    Rows with defects are assigned too: a row that gets a defect later (a conflicting label
    arrives) must not move those that followed it. ``tests`` are those of a given test split; they
    come first, so that what resembles them is found to be the later one.
    """
    given = set(tests)
    others = [text for text in texts if text not in given]
    ordered = [*tests, *(others[place] for place in before.first(others))]
    found: list[str] = []
    neighbours = earlier_neighbours(ordered, settings.near_duplicate)
    for text, alike in zip(ordered, neighbours, strict=True):
        sides = [found[other] for other in alike]
        if text in given:
            found.append(cleaning.TEST)
        elif given and cleaning.TEST in sides:
            found.append(NEAR_TEST)
        else:
            found.append(before.keep(text, sides) or _place(text, sides, settings, bool(given)))
    return dict(zip(ordered, found, strict=True))


def _place(text: str, sides: Sequence[str], settings: TextSplit, has_test: bool) -> str:
    taken = sorted(set(sides) & set(SPLITS))
    if len(taken) > 1:
        return BETWEEN
    if taken:
        return taken[0]
    share = assignment.hashed_share(text, settings.seed)
    test = 0.0 if has_test else settings.test
    return assignment.split_of(share, validation=settings.validation, test=test)
