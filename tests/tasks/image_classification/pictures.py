"""Scans of digits as a raw table, and what can be wrong with it."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import parquet

from assay.gateways.sources.images import png

if TYPE_CHECKING:
    from pathlib import Path

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

LABELS = ("zero", "one", "two", "three")
SCHEMA = pa.schema(
    {"id": pa.string(), "image": pa.binary(), "label": pa.string(), "given": pa.string()}
)


@functools.cache
def scans() -> tuple[tuple[Pixels, str], ...]:
    """Return scikit-learn's digits 0 to 3 as grey pixels, 40 a side: no two are near."""
    from sklearn.datasets import load_digits

    found = load_digits(n_class=4)
    small = (Image.fromarray((one * 15).astype(np.uint8)) for one in found.images)
    return tuple(
        (np.asarray(one.resize((40, 40))), LABELS[number])
        for one, number in zip(small, found.target, strict=True)
    )


def table(rows: int = 120, given: str | None = None, start: int = 0) -> list[dict[str, Any]]:
    """Return rows of a raw table; digits take turns."""
    return [
        {"id": f"{place}", "image": png(pixels), "label": label, "given": given}
        for place, (pixels, label) in enumerate(scans()[start : start + rows], start)
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    parquet.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), path)
    return path


def jpeg(content: bytes, quality: int = 92) -> bytes:
    """Return the same picture as JPEG: other pixels, nearly the same picture."""
    stream = io.BytesIO()
    Image.open(io.BytesIO(content)).save(stream, "JPEG", quality=quality)
    return stream.getvalue()
