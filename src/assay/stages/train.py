"""Train: the network learns from the train split and is chosen on the validation split.

Reads ``data/splits/<model>/{train,validation}.parquet``. Writes ``models/<model>/checkpoint/`` and
``reports/<model>/training.csv``; logs live to MLflow, which no stage reads. Of
several processes (``accelerate launch``, torchrun) the first alone writes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from assay import artifacts, processor, ranks
from assay.gateways.tracking import Journal
from assay.progress import say
from assay.tasks import protocol

if TYPE_CHECKING:
    from assay.artifacts import Artifacts
    from assay.settings.schema import Model


def run(settings: Model, files: Artifacts) -> None:
    """Run the stage.

    Raises:
        AssayError: see the task's ``train``.

    """
    if not ranks.is_first():
        _help(settings, files)
        return
    data = artifacts.digest_of(*(artifacts.sha256(files.split(n)) for n in ("train", "validation")))
    tags = {
        "assay.processor": processor.processor_class(),
        "assay.fingerprint": artifacts.digest_of(data, settings.train.model_dump_json()),
    }
    journal = Journal.open(files.model, params={"train": settings.train.model_dump()}, tags=tags)
    weights = None
    try:
        with artifacts.replacing(files.checkpoint) as beside:
            task = protocol.trains(settings.task)
            task.train(settings, files, beside, files.curve, journal)
        weights = artifacts.sha256(files.checkpoint)
    finally:
        journal.close(weights, "FINISHED" if weights else "FAILED")
    artifacts.forget(files.resume)
    say(f"train: {files.checkpoint} (weights {weights[:12]})")


def _help(settings: Model, files: Artifacts) -> None:
    """Train beside the first process; what this one would write is the same and is let go."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, curve = Path(folder, "checkpoint"), Path(folder, "training.csv")
        task = protocol.trains(settings.task)
        task.train(settings, files, checkpoint, curve, Journal.silent())
