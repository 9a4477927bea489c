"""Deal images to train, validation and test so that an image's place never changes.

Reads the raw table. Writes three Parquet tables, piece by piece, and returns what it did, in
counts. A test split that the source came with stays the test split. Else an image's place is the
hash of its pixels; one that is nearly the same as an earlier one goes where that one went. Rows
that arrive later therefore move nothing, and test sets stay comparable over retrainings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from assay.artifacts import SPLITS
from assay.tasks import dealing
from assay.tasks.image_classification.fingerprint import near_pairs
from assay.tasks.image_classification.survey import TEST, dirt, droppable, survey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.settings.image import ImageModel, ImageSplit
    from assay.tasks.image_classification.survey import Survey

# Of an image that is like two earlier ones on different sides: it fits neither without a leak.
BETWEEN = "between_two_splits"
# Of one that is like an image of the given test split.
NEAR_TEST = "near_the_test_split"
CHUNK = 512


def split(raw: Path, settings: ImageModel, folder: Path) -> dict[str, Any]:
    """Write ``<folder>/{train,validation,test}.parquet``; return sizes, balance, drops, leaks.

    Raises:
        DataRefused: a split would be empty, or a class has no row to learn from.

    """
    found = survey(raw, "looking at images")
    rows = found.rows
    kinds = dirt(rows)
    dropped = droppable(kinds)
    place = _places(found, settings.split)
    kept = ~dropped & place.isin(SPLITS)
    dealing.refuse_hollow(rows["label"][kept], place[kept], settings.labels, "image")
    _write(raw, place.where(kept), folder)
    left_out = Counter(place[~dropped & ~kept])
    return {
        "rows": len(rows),
        "kept": int(kept.sum()),
        "dropped": {
            **{kind: int(kinds[kind].sum()) for kind in kinds},
            "any_kind": int(dropped.sum()),
            NEAR_TEST: left_out[NEAR_TEST],
            BETWEEN: left_out[BETWEEN],
        },
        "splits": {name: dealing.describe(rows["label"][kept & place.eq(name)]) for name in SPLITS},
        "leaks": leaks(folder, found, settings.split.near_hash_bits),
    }


def leaks(folder: Path, found: Survey, most_bits: int) -> dict[str, int]:
    """Count, in the written tables, images that stand (nearly) alike in two splits.

    This knows the tables' rows by their ids, and nothing of how they were dealt.
    """
    side = {
        row: name
        for name in SPLITS
        for row in parquet.read_table(folder / f"{name}.parquet", columns=["id"])["id"].to_pylist()
    }
    sides = found.rows["id"].map(side)
    written = np.flatnonzero(sides.notna())
    digests = found.rows["digest"].iloc[written]
    names = sides.iloc[written].to_numpy()
    exact = pd.Series(names).groupby(digests.to_numpy()).nunique().gt(1).sum()
    pairs = near_pairs(found.hashes[written], found.thumbnails[written], most_bits)
    alike = digests.to_numpy()[pairs]
    apart = (names[pairs[:, 0]] != names[pairs[:, 1]]) & (alike[:, 0] != alike[:, 1])
    return {"exact": int(exact), "near": int(apart.sum())}


def _places(found: Survey, settings: ImageSplit) -> pd.Series[str]:
    """Return each row's split, :data:`BETWEEN` or :data:`NEAR_TEST`.

    Rows that conflict are dealt too: a row that turns dirty later (another label arrives) must not
    move those that followed it. Blank ones have no kin, and broken ones no place that matters.
    """
    given = found.rows["given"].eq(TEST).to_numpy()
    real = (found.rows["decodes"] & ~dirt(found.rows)["blank"]).to_numpy()
    # The given test split first: what resembles it is found to be the later one.
    order = np.concatenate([np.flatnonzero(given & real), np.flatnonzero(~given & real)])
    digests = found.rows["digest"].iloc[order].drop_duplicates()
    first = digests.index.to_numpy()
    earlier: defaultdict[int, list[int]] = defaultdict(list)
    pairs = near_pairs(found.hashes[first], found.thumbnails[first], settings.near_hash_bits)
    for before, after in pairs.tolist():
        earlier[after].append(before)
    place: list[str] = []
    for number, row in enumerate(first):
        kin = [place[other] for other in earlier[number]]
        place.append(TEST if given[row] else _place(digests[row], kin, settings, given.any()))
    by_digest = dict(zip(digests, place, strict=True))
    alone = pd.Series(np.where(given, TEST, "train"), index=found.rows.index)
    dealt = found.rows["digest"].map(by_digest).where(real)
    # A given test split keeps its own duplicates: they are no leak.
    return dealt.where(~given, TEST).fillna(alone)


def _place(digest: str, kin: Sequence[str], settings: ImageSplit, has_test: np.bool) -> str:
    taken = sorted(set(kin) - {BETWEEN, NEAR_TEST})
    if has_test and TEST in taken:
        return NEAR_TEST
    if len(taken) > 1:
        return BETWEEN
    if taken:
        return taken[0]
    share = dealing.hashed_share(digest, settings.seed)
    test = 0.0 if has_test else settings.test
    return dealing.dealt(share, validation=settings.validation, test=test)


def _write(raw: Path, place: pd.Series[str], folder: Path) -> None:
    """Copy each row to the table of its place; a row without one is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    start = 0
    with parquet.ParquetFile(raw) as file, ExitStack() as stack:
        tables = {name: _Table(folder / f"{name}.parquet", file, stack) for name in SPLITS}
        for chunk in file.iter_batches(CHUNK):
            here = place.iloc[start : start + len(chunk)].to_numpy()
            for name, table in tables.items():
                table.add(chunk.filter(pa.array(here == name)))
            start += len(chunk)
        for table in tables.values():
            table.flush()


class _Table:
    """One split's file, written in row groups of a bounded size."""

    ROWS, BYTES = 4096, 32 * 2**20

    def __init__(self, path: Path, like: parquet.ParquetFile, stack: ExitStack) -> None:
        self._schema = like.schema_arrow
        self._writer = stack.enter_context(parquet.ParquetWriter(path, self._schema))
        self._waiting: list[pa.RecordBatch] = []

    def add(self, rows: pa.RecordBatch) -> None:
        self._waiting.append(rows)
        size = sum(batch.nbytes for batch in self._waiting)
        if size >= self.BYTES or sum(map(len, self._waiting)) >= self.ROWS:
            self.flush()

    def flush(self) -> None:
        table = pa.Table.from_batches(self._waiting, schema=self._schema)
        if len(table):
            self._writer.write_table(table)
        self._waiting = []
