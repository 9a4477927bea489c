"""What is in the raw table, image by image, and which rows can't be learned from.

Reads the raw table, a piece at a time. Writes nothing. ``validate`` counts with these rules and
``split`` drops by them, so that what the report announces is what happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from assay.tasks.image_classification.decoding import each
from assay.tasks.image_classification.fingerprint import COMPARED, Broken, fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.image_classification.fingerprint import Fingerprint, Hashes, Thumbnails

# Grey levels: a picture whose values spread less than this shows one colour.
BLANK = 1.0
TEST = "test"
MEASURED = ("width", "height", "mode", "mean", "contrast", "digest")


@dataclass(frozen=True)
class Survey:
    """The raw table without its images, and what was measured of them.

    Attributes:
        rows: a row an image: all columns of the raw table but ``image``; ``bytes`` (of the file);
            ``decodes`` and ``reason`` (why not); ``width``, ``height``, ``mode``, ``mean``,
            ``contrast`` and ``digest`` as in ``Fingerprint``, missing where it does not decode.
        hashes: perceptual hashes, uint64 of shape (rows,); 0 where it does not decode.
        thumbnails: uint8 of shape (rows, 256), as in ``Fingerprint``.

    """

    rows: pd.DataFrame
    hashes: Hashes
    thumbnails: Thumbnails


def survey(raw: Path, name: str) -> Survey:
    """Look at every image of a raw table, under a bar of this name."""
    columns = [column for column in parquet.read_schema(raw).names if column != "image"]
    rows = pd.read_parquet(raw, columns=columns)
    hashes = np.zeros(len(rows), dtype=np.uint64)
    thumbnails = np.zeros((len(rows), COMPARED**2), dtype=np.uint8)
    measured: dict[str, list[Any]] = {name: [] for name in ("bytes", "reason", *MEASURED)}
    for place, (size, found) in enumerate(each(raw, _look, name)):
        measured["bytes"].append(size)
        measured["reason"].append(found.reason if isinstance(found, Broken) else None)
        for trait in MEASURED:
            measured[trait].append(getattr(found, trait, None))
        if not isinstance(found, Broken):
            hashes[place], thumbnails[place] = found.hash, found.thumbnail
    kinds = {
        name: "object" if name in ("reason", "mode", "digest") else "float64" for name in measured
    }
    known = {name: pd.Series(values, dtype=kinds[name]) for name, values in measured.items()}
    rows = rows.assign(**known, decodes=known["reason"].isna())
    return Survey(rows, hashes, thumbnails)


def dirt(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a boolean column for each kind of dirt, aligned with the rows of a :class:`Survey`.

    ``broken``: does not decode. ``blank``: one colour all over. ``in_the_test_split``: the same
    pixels stand in the test split that the source came with. ``duplicate``: the same pixels stand
    in an earlier row. ``conflict``: the same pixels carry different labels. A given test split is
    kept as it is, so that figures on it compare: its rows are at most broken.
    """
    judged = rows["given"].eq(TEST)
    broken = ~rows["decodes"]
    digest = rows["digest"].where(~broken)
    in_test = ~judged & digest.isin(digest[judged & ~broken])
    labels_of = rows["label"].groupby(digest).nunique()
    others = digest.where(~judged & ~in_test)
    return pd.DataFrame(
        {
            "broken": broken,
            "blank": ~judged & rows["contrast"].lt(BLANK),
            "in_the_test_split": in_test,
            "duplicate": others.notna() & others.duplicated(),
            "conflict": ~judged & digest.map(labels_of).fillna(0).gt(1),
        },
        index=rows.index,
    )


def droppable(found: pd.DataFrame) -> pd.Series[Any]:
    """Return which rows ``split`` leaves out, from :func:`dirt`: every kind of dirt."""
    return found.any(axis=1)


def _look(content: bytes) -> tuple[int, Fingerprint | Broken]:
    return len(content), fingerprint(content)
