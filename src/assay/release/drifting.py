"""Drift of new rows against those that the champion was tested on.

Reads the champion's bundle, the test split that it was promoted on, out of DVC's cache, and the raw
table. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.gateways import versioning
from assay.monitoring import drift
from assay.paths import ModelPaths, ReleasePaths
from assay.release import champion, gate
from assay.tasks import registry

if TYPE_CHECKING:
    from assay.monitoring.drift import Drift
    from assay.release.tick import Situation

# Rows of either sample that are looked at, evenly spread: more cost time and find no more.
MOST = 2000


def measure(at: Situation) -> Drift | None:
    """Return how new rows differ; None where there is no champion, or DVC lost its data.

    Raises:
        SignatureRefused, BundleRefused: the champion's release does not hold.

    """
    if at.version is None:
        return None
    files, tested = ModelPaths(at.model), _tested(at)
    known = gate.known_rows(files, at.version)
    kept = versioning.object_of(tested) if tested else None
    if known is None or kept is None:
        return None
    champion.held(at.model, at.version)
    raw = pd.read_parquet(files.raw)
    ids = raw["id"].astype(str)
    fresh = raw[~ids.isin(known)]
    # Out of the raw table too: a split's cells were cleaned.
    tested_ids = pd.read_parquet(kept, columns=["id"])["id"].astype(str)
    reference = raw[ids.isin(set(tested_ids))]
    observe, bundle = (
        registry.task_of(at.settings).observe,
        ReleasePaths(at.model, at.version).bundle,
    )
    return drift.compare(
        observe(at.settings, bundle, _some(reference)),
        observe(at.settings, bundle, _some(fresh)),
        error=at.settings.retrain.drift_error,
        ticks_a_year=at.settings.retrain.ticks_a_year,
    )


def _tested(at: Situation) -> str | None:
    """Return DVC's digest of the test split that the champion was promoted on."""
    for line in at.known.newest(at.model, "promotion"):
        if line.version == at.version and line.judged is not None:
            return line.judged.tested
    return None


def _some(table: pd.DataFrame) -> pd.DataFrame:
    if len(table) > MOST:
        table = table.iloc[np.linspace(0, len(table) - 1, MOST).astype(int)]
    return table.reset_index(drop=True)
