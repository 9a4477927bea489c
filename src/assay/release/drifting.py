"""Drift of new rows against those that the champion was tested on.

Reads the champion's bundle, the test split that it was promoted on, out of DVC's cache, and the raw
table. Writes nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.monitoring import drift
from assay.paths import ModelPaths, ReleasePaths
from assay.release import rows
from assay.tasks import registry

if TYPE_CHECKING:
    from assay.monitoring.drift import Drift
    from assay.release.certificate import Certificate
    from assay.release.tick import Situation

# Rows of either sample that are looked at, evenly spread: more cost time and find no more.
MOST = 2000


def measure(at: Situation, stated: Certificate, known: frozenset[str] | None) -> Drift | None:
    """Return how new rows differ; None where DVC lost the champion's data.

    ``stated`` is the champion's certificate, whose release is intact, and ``known`` the ids of the
    rows that it was made from, if they are known.

    Raises:
        BundleRefused: the champion's bundle cannot be opened.

    """
    tested = rows.recorded(_tested(at))
    if known is None or tested is None:
        return None
    raw = pd.read_parquet(ModelPaths(at.model).raw)
    ids = raw["id"].astype(str)
    bundle = ReleasePaths(stated.model, stated.version).bundle
    observe = partial(registry.task_of(at.settings).observe, at.settings, bundle)
    return drift.compare(
        # Out of the raw table too: a split's cells were cleaned.
        observe(some(raw[ids.isin(tested)])),
        observe(some(raw[~ids.isin(known)])),
        error=at.settings.retrain.drift_error,
        ticks_a_year=at.settings.retrain.ticks_a_year,
    )


def _tested(at: Situation) -> str | None:
    """Return DVC's digest of the test split that the champion was promoted on."""
    for line in at.known.newest(at.model, "promotion"):
        if line.version == at.version and line.judged is not None:
            return line.judged.tested
    return None


def some(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table's rows, or :data:`MOST` of them, evenly spread."""
    if len(table) > MOST:
        table = table.iloc[np.linspace(0, len(table) - 1, MOST).astype(int)]
    return table.reset_index(drop=True)
