"""Ingest: the model's source and its inbox become ``data/raw/<model>.parquet``.

Reads the source (see ``gateways/sources``) and ``data/inbox/<model>/``. Drops nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from assay.files import replacing
from assay.progress import say
from assay.tasks.registry import task_of

if TYPE_CHECKING:
    from assay.paths import ModelPaths
    from assay.settings.schema import Model


def run(settings: Model, files: ModelPaths) -> None:
    """Run the stage.

    Raises:
        SourceRefused: a source cannot be read, or is not what it claims to be.

    """
    with replacing(files.raw) as beside:
        counts = task_of(settings).ingest(settings, files.inbox, beside)
    parts = ", ".join(f"{rows:,} from {name}" for name, rows in counts.items())
    rows = pq.read_metadata(files.raw).num_rows
    say(f"ingest: {rows:,} rows ({parts}) -> {files.raw}")
