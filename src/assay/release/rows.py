"""Which rows a release was made from, and which it was tested on: their ids.

Reads the raw table and the splits as DVC keeps them. Writes nothing, and checks no signature: that
a certificate is one was checked by whoever read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.gateways import versioning
from assay.paths import ModelPaths

if TYPE_CHECKING:
    from pathlib import Path

    from assay.release.certificate import Certificate


def made_from(stated: Certificate) -> frozenset[str] | None:
    """Return the ids of a release's raw table; None where DVC lost it."""
    raw = ModelPaths(stated.model).raw.as_posix()
    return recorded(versioning.outputs_in(stated.lock).get(raw))


def recorded(digest: str | None) -> frozenset[str] | None:
    """Return the ids of a table by its MD5; None where DVC lost it, or it was never recorded."""
    kept = versioning.object_of(digest) if digest else None
    return None if kept is None else frozenset(ids(kept))


def ids(table: Path) -> pd.Series[str]:
    """Return the ids of a table's rows, in their order."""
    return pd.read_parquet(table, columns=["id"])["id"].astype(str)
