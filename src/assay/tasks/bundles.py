"""Open a bundle as its own task does.

Reads a bundle folder. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from assay.bundle import manifest as manifests
from assay.errors import UsageError
from assay.tasks.registry import BY_NAME
from assay.tasks.task import PredictingTask

if TYPE_CHECKING:
    from pathlib import Path

    from assay.bundle.classifier import Classifier
    from assay.bundle.opened import Opened
    from assay.tasks.task import Task

Kind = TypeVar("Kind", bound="Opened")


def open_bundle(folder: Path, *, threads: int = 2) -> Opened:
    """Check a bundle's bytes, then load it.

    Raises:
        BundleRefused: a file is missing, was altered, or does not belong there; the manifest is
            not one of Assay's, or of a task that is not known here.

    """
    return _task_of(folder).open(folder, threads=threads)


def open_classifier(folder: Path, *, threads: int = 2) -> Classifier:
    """Open a bundle that is asked for predictions.

    Raises:
        UsageError: its model is asked by another command.
        BundleRefused: as :func:`open_bundle`.

    """
    task = _task_of(folder)
    if not isinstance(task, PredictingTask):
        raise UsageError(
            f"the bundle {folder} is one of {task.name}: it predicts no label",
            expected="the bundle of a classifier",
            cure=f"ask it with assay {task.command}",
        )
    return task.open(folder, threads=threads)


def open_as(folder: Path, kind: type[Kind], *, threads: int = 2) -> Kind:
    """Open a bundle that is of this kind.

    Raises:
        UsageError: it is of another kind: its model is asked another way.
        BundleRefused: as :func:`open_bundle`.

    """
    task = _task_of(folder)
    opened = task.open(folder, threads=threads)
    if not isinstance(opened, kind):
        raise UsageError(
            f"the bundle {folder} is one of {task.name}, and opens as {type(opened).__name__}",
            expected=f"a bundle that opens as {kind.__name__}",
            cure=f"ask it with assay {task.command}",
        )
    return opened


def _task_of(folder: Path) -> Task[Any]:
    stated = manifests.read_alone(folder)
    task = BY_NAME.get(f"{stated.data}-{stated.task}")
    if task is None:
        raise manifests.refused(folder, f"{manifests.MANIFEST} names a task that is not known here")
    return task
