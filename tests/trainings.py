"""Trainings as the tests of tasks run them: killed at a step where that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.files import sha256
from assay.learning.run import TrainingRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.paths import ModelPaths
    from assay.tasks.task import Task


class Logger:
    """Keeps nothing; ends the training at a step, as a killed process would."""

    def __init__(self, kill_at: int = -1) -> None:
        self._kill_at = kill_at

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Take the metrics of one step."""
        if step == self._kill_at:
            raise KeyboardInterrupt


def train(
    task: Task[Any], settings: Any, files: ModelPaths, name: str, kill_at: int = -1
) -> tuple[str, str]:
    """Train into a checkpoint and a curve of this name; return the digests of both."""
    target, curve = files.checkpoint.with_name(name), files.curve.with_name(f"{name}.csv")
    run = TrainingRun(
        checkpoint=target,
        curve=curve,
        state=files.resume,
        digest=task.training_digest(settings, files),
        logger=Logger(kill_at),
    )
    task.train(settings, files, run)
    return sha256(target), sha256(curve)
