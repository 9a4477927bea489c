"""Train: the network learns from the train split and is chosen on the validation split.

Reads ``data/splits/<model>/{train,validation}.parquet``. Writes ``models/<model>/checkpoint/``,
``models/<model>/trace.json`` and ``reports/<model>/training.csv``; logs live to MLflow, which no
stage reads. Of several processes (``accelerate launch``, torchrun) the first alone writes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from assay import processor, ranks
from assay.files import remove, replacing, sha256
from assay.gateways.tracking import TRAINING, Journal
from assay.learning.run import TrainingRun
from assay.progress import say
from assay.tasks.registry import task_of

if TYPE_CHECKING:
    from assay.paths import ModelPaths
    from assay.settings.schema import Model


def run(settings: Model, files: ModelPaths) -> None:
    """Run the stage.

    Raises:
        AssayError: see ``train`` of the task.

    """
    task = task_of(settings)
    digest = task.training_digest(settings, files)
    if not ranks.is_first():
        _train_beside(settings, files, digest)
        return
    tags = {"assay.processor": processor.processor_class(), TRAINING: digest}
    journal = Journal.open(files.model, params={"train": settings.train.model_dump()}, tags=tags)
    weights = None
    try:
        with replacing(files.checkpoint) as beside:
            run = TrainingRun(beside, files.curve, files.resume, digest, journal, trace=files.trace)
            task.train(settings, files, run)
        weights = sha256(files.checkpoint)
    finally:
        journal.close(weights, "FINISHED" if weights else "FAILED")
    remove(files.resume)
    say(f"train: {files.checkpoint} (weights {weights[:12]})")


def _train_beside(settings: Model, files: ModelPaths, digest: str) -> None:
    """Train beside the first process; what this one would write is the same, and is not kept."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, curve = Path(folder, "checkpoint"), Path(folder, "training.csv")
        run = TrainingRun(checkpoint, curve, files.resume, digest, Journal.silent())
        task_of(settings).train(settings, files, run)
