"""What is in the raw table, image by image, and which rows can't be learned from.

Reads the raw table, a piece at a time. Writes nothing. ``measure`` counts with these rules and
``split`` drops by them, so that what the report announces is what happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pyarrow import parquet

from assay.modalities.image.fingerprint import COMPARED, Broken, fingerprint
from assay.modalities.image.parallel import map_images

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.image.fingerprint import Fingerprint, Hashes, Thumbnails

# Grey levels: a picture whose values spread less than this shows one colour.
BLANK = 1.0
TEST = "test"
MEASURED = ("width", "height", "mode", "mean", "contrast", "digest")


@dataclass(frozen=True)
class Scan:
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


def scan(raw: Path, name: str) -> Scan:
    """Examine every image of a raw table, under a progress bar of this name."""
    columns = [column for column in parquet.read_schema(raw).names if column != "image"]
    rows = pd.read_parquet(raw, columns=columns)
    hashes = np.zeros(len(rows), dtype=np.uint64)
    thumbnails = np.zeros((len(rows), COMPARED**2), dtype=np.uint8)
    measured: dict[str, list[Any]] = {name: [] for name in ("bytes", "reason", *MEASURED)}
    for place, (size, found) in enumerate(map_images(raw, _examined, name)):
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
    return Scan(rows, hashes, thumbnails)


def is_test(rows: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows stand in the test split that the source came with."""
    return rows["given"].eq(TEST)


def key(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return what equal images have in common: the digest of their pixels, None where broken."""
    return rows["digest"].where(rows["decodes"])


def defects(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a boolean column for each kind of defect, aligned with the rows of a :class:`Scan`.

    ``broken``: does not decode. ``blank``: one colour all over. ``in_the_test_split``: the same
    pixels stand in the test split that the source came with. ``duplicate``: the same pixels stand
    in an earlier row. A given test split is kept as it is, so that figures on it compare: its rows
    are at most broken.
    """
    given_test, digest = is_test(rows), key(rows)
    in_test = ~given_test & digest.isin(digest[given_test & rows["decodes"]])
    others = digest.where(~given_test & ~in_test)
    return pd.DataFrame(
        {
            "broken": ~rows["decodes"],
            "blank": ~given_test & rows["contrast"].lt(BLANK),
            "in_the_test_split": in_test,
            "duplicate": others.notna() & others.duplicated(),
        },
        index=rows.index,
    )


def _examined(content: bytes) -> tuple[int, Fingerprint | Broken]:
    return len(content), fingerprint(content)
