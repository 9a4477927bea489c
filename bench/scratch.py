"""A training's run that leaves nothing behind.

Writes a temporary folder, which is removed at the end.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assay.gateways.tracking import Journal
from assay.learning.run import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def training_run() -> Iterator[TrainingRun]:
    """Yield a run whose files are in a temporary folder, and whose metrics nobody keeps."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        yield TrainingRun(
            checkpoint=scratch / "checkpoint",
            curve=scratch / "training.csv",
            state=scratch / "state",
            digest="bench",
            logger=Journal.silent(),
        )
