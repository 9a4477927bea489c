"""Assign images to train, validation and test so that an image's split never changes.

Reads the raw table, and the record of earlier assignments. Writes three Parquet tables, piece by
piece, and the record, and returns what it did, in counts. A test split that the source came with
stays the test split. Else an image that was assigned before keeps its split, and a new one's is the
hash of its pixels; one that is nearly the same as an earlier one goes where that one went. Rows
that arrive later therefore move nothing, whatever their files are called, and test sets stay
comparable over retrainings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from assay.modalities import assignment
from assay.modalities.assigned import BETWEEN, Assigned
from assay.modalities.image.fingerprint import near_pairs
from assay.modalities.image.row_groups import RowGroups
from assay.modalities.image.scan import TEST, defects, is_test, key, scan
from assay.paths import SPLITS
from assay.records import SplitPart, SplitReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from assay.modalities.image.scan import Scan
    from assay.modalities.targets import Targets
    from assay.settings.image import ImageSplit

NOUN = "image"
# Of one that is like an image of the given test split.
NEAR_TEST = "near_the_test_split"
CHUNK = 512


def split(
    raw: Path, settings: ImageSplit, targets: Targets, folder: Path, earlier: Path | None = None
) -> SplitReport:
    """Write ``<folder>/{train,validation,test}.parquet``; return sizes, balance, drops, leaks.

    ``earlier`` is the record of the split before (:mod:`assay.modalities.assigned`).

    Raises:
        DataRefused: a split would be empty, or the objective has nothing to learn from.

    """
    found = scan(raw, "examining images")
    rows = found.rows
    kinds = pd.concat([defects(rows), targets.defects(rows, key(rows), is_test(rows))], axis=1)
    dropped = kinds.any(axis=1)
    before = Assigned.read(earlier, _rule(found, settings))
    by_digest = _assign(found, before, settings)
    place = _places(found, by_digest)
    kept = ~dropped & place.isin(SPLITS)
    targets.require(rows[kept], place[kept], NOUN)
    assignment.require_no_empty_split(place[kept], NOUN)
    _write(raw, place.where(kept), folder)
    before.write(by_digest, folder)
    left_out = Counter(place[~dropped & ~kept])
    parts = {name: rows[kept & place.eq(name)] for name in SPLITS}
    return SplitReport(
        rows=len(rows),
        kept=int(kept.sum()),
        dropped={
            **{kind: int(kinds[kind].sum()) for kind in kinds},
            "any_kind": int(dropped.sum()),
            NEAR_TEST: left_out[NEAR_TEST],
            BETWEEN: left_out[BETWEEN],
        },
        splits={
            name: SplitPart(rows=len(part), labels=targets.counts(part))
            for name, part in parts.items()
        },
        leaks=leaks(folder, found, settings.near_hash_bits),
    )


def leaks(folder: Path, found: Scan, most_bits: int) -> dict[str, int]:
    """Count, in the written tables, images that stand (nearly) alike in two splits.

    This knows the tables' rows by their ids, and nothing of how they were assigned.
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


def _rule(found: Scan, settings: ImageSplit) -> str:
    test = "given" if is_test(found.rows).any() else settings.test
    shares = f"test {test}, validation {settings.validation}"
    return f"seed {settings.seed}, {shares}, near duplicates within {settings.near_hash_bits} bits"


def _is_real(found: Scan) -> np.ndarray[Any, np.dtype[np.bool]]:
    """Tell which images are assigned by content.

    Blank ones have no near duplicates, and for broken ones the split does not matter.
    """
    return (found.rows["decodes"] & ~defects(found.rows)["blank"]).to_numpy()


def _assign(found: Scan, before: Assigned, settings: ImageSplit) -> dict[str, str]:
    """Return the split of each distinct image, :data:`BETWEEN` or :data:`NEAR_TEST`, by digest.

    Rows with conflicting labels are assigned too: a row that gets a defect later (another label
    arrives) must not move those that followed it.
    """
    given, real = is_test(found.rows).to_numpy(), _is_real(found)
    # The given test split first: what resembles it is found to be the later one.
    others = np.flatnonzero(~given & real)
    known_first = others[before.first(found.rows["digest"].iloc[others].tolist())]
    order = np.concatenate([np.flatnonzero(given & real), known_first])
    digests = found.rows["digest"].iloc[order].drop_duplicates()
    first = digests.index.to_numpy()
    earlier: defaultdict[int, list[int]] = defaultdict(list)
    pairs = near_pairs(found.hashes[first], found.thumbnails[first], settings.near_hash_bits)
    for one, two in pairs.tolist():
        earlier[two].append(one)
    place: list[str] = []
    for number, row in enumerate(first):
        sides = [place[other] for other in earlier[number]]
        if given[row]:
            place.append(TEST)
        elif given.any() and TEST in sides:
            place.append(NEAR_TEST)
        else:
            digest = str(digests[row])
            place.append(before.keep(digest, sides) or _place(digest, sides, settings, given.any()))
    return dict(zip(digests, place, strict=True))


def _places(found: Scan, by_digest: Mapping[str, str]) -> pd.Series[str]:
    """Return each row's split, :data:`BETWEEN` or :data:`NEAR_TEST`."""
    given = is_test(found.rows).to_numpy()
    alone = pd.Series(np.where(given, TEST, "train"), index=found.rows.index)
    assigned = found.rows["digest"].map(lambda digest: by_digest.get(digest, ""))
    # A given test split keeps its own duplicates: they are no leak.
    return assigned.where(_is_real(found) & ~given, alone)


def _place(digest: str, neighbours: Sequence[str], settings: ImageSplit, has_test: np.bool) -> str:
    taken = sorted(set(neighbours) - {BETWEEN, NEAR_TEST})
    if len(taken) > 1:
        return BETWEEN
    if taken:
        return taken[0]
    share = assignment.hashed_share(digest, settings.seed)
    test = 0.0 if has_test else settings.test
    return assignment.split_of(share, validation=settings.validation, test=test)


def _write(raw: Path, place: pd.Series[str], folder: Path) -> None:
    """Copy each row to the table of its split; a row without one is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    start = 0
    with parquet.ParquetFile(raw) as file, ExitStack() as stack:
        schema = file.schema_arrow
        tables = {
            name: stack.enter_context(RowGroups(folder / f"{name}.parquet", schema))
            for name in SPLITS
        }
        for chunk in file.iter_batches(CHUNK):
            here = place.iloc[start : start + len(chunk)].to_numpy()
            for name, table in tables.items():
                table.add(chunk.filter(pa.array(here == name)))
            start += len(chunk)
