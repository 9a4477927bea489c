"""Every task there is, and the models of ``params.yaml`` as their tasks read them.

Reads ``params.yaml``. Writes nothing. This is the only list of tasks: the command, the stages, the
settings and the tests take them from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.paths import PARAMS
from assay.settings import reading
from assay.tasks.image_classification import IMAGE_CLASSIFICATION
from assay.tasks.image_generation import IMAGE_GENERATION
from assay.tasks.table_classification import TABLE_CLASSIFICATION
from assay.tasks.text_classification import TEXT_CLASSIFICATION
from assay.tasks.text_generation import TEXT_GENERATION

if TYPE_CHECKING:
    from pathlib import Path

    from assay.settings.schema import Model, Tracking
    from assay.tasks.task import Column, Task

TASKS: tuple[Task[Any], ...] = (
    TEXT_CLASSIFICATION,
    IMAGE_CLASSIFICATION,
    TABLE_CLASSIFICATION,
    TEXT_GENERATION,
    IMAGE_GENERATION,
)

BY_NAME = {task.name: task for task in TASKS}
KINDS: reading.Kinds = {task.name: task.settings for task in TASKS}


def task_of(model: Model) -> Task[Any]:
    """Return the task of a model's settings."""
    return BY_NAME[model.kind]


def columns() -> tuple[Column, ...]:
    """Return the columns that any task asks for, each once."""
    found = {column.name: column for task in TASKS for column in task.columns}
    return tuple(found.values())


def load(path: Path = PARAMS) -> dict[str, Model]:
    """Read every model's settings.

    Raises:
        SettingsError: as :func:`assay.settings.reading.load`.

    """
    return reading.load(path, KINDS)


def load_model(name: str, path: Path = PARAMS) -> Model:
    """Read one model's settings.

    Raises:
        UnknownModel: the valid names are listed.
        SettingsError: as :func:`assay.settings.reading.load`.

    """
    return reading.load_model(path, name, KINDS)


def load_tracking(path: Path = PARAMS) -> Tracking:
    """Read what a tracking server gets to hold.

    Raises:
        SettingsError: as :func:`assay.settings.reading.load`.

    """
    return reading.load_tracking(path)
