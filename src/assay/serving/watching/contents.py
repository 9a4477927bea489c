"""What is kept of inputs that were predicted: masked texts, masked cells, of images the digest.

Reads and writes nothing. Personal data is masked as :mod:`assay.personal` finds it, which finds
neither names nor street addresses: masked is not anonymous.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from assay.modalities.table import cells
from assay.modalities.table.encoding import CATEGORIES, MISSING, NUMBERS
from assay.personal import beginning

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from assay.bundle.manifest import Manifest

    Columns = dict[str, pa.Array]

# Letters of a text, or of a cell, that are kept.
LONGEST = 10_000


def columns_of(contents: Sequence[Any], manifest: Manifest) -> Columns:
    """Return the columns that are kept of inputs to a bundle; none of an unknown modality."""
    kept = KEPT.get(manifest.data)
    return kept(contents, manifest) if kept else {}


def size_of(content: Any) -> int:
    """Return about how many bytes an input takes."""
    if isinstance(content, str | bytes):
        return len(content)
    if isinstance(content, np.ndarray):
        return int(content.nbytes)
    return sum(len(str(name)) + len(str(value)) for name, value in dict(content).items())


def _texts(contents: Sequence[str], _manifest: Manifest) -> Columns:
    return {"text": pa.array([beginning(text, LONGEST) for text in contents], pa.string())}


def _images(contents: Sequence[Any], _manifest: Manifest) -> Columns:
    raw = [_bytes(content) for content in contents]
    digests = [hashlib.sha256(content).hexdigest() for content in raw]
    return {"bytes": pa.array(map(len, raw), pa.int64()), "sha256": pa.array(digests, pa.string())}


def _bytes(content: Any) -> bytes:
    return content.tobytes() if isinstance(content, np.ndarray) else bytes(content)


def _rows(contents: Sequence[Mapping[str, Any]], manifest: Manifest) -> Columns:
    """Return the model's own columns; others that a client sent are not the model's business."""
    names = (*manifest.names(NUMBERS), *manifest.names(CATEGORIES))
    missing = manifest.names(MISSING)
    return {
        name: pa.array([_cell(row.get(name), missing) for row in contents], pa.string())
        for name in names
    }


def _cell(value: object, missing: Sequence[str]) -> str | None:
    """Return a cell as the model takes it: none where it is missing, or a word that says so."""
    text = cells.text_of(value)
    if text is None or cells.is_missing(text, missing):
        return None
    return beginning(text, LONGEST)


KEPT: dict[str, Callable[[Any, Manifest], Columns]] = {
    "text": _texts,
    "image": _images,
    "table": _rows,
}
