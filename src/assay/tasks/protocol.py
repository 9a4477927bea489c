"""What a task must provide: one module a stage, with the functions below.

``assay.tasks.<task_type>.<stage>`` is the module that ``stages/<stage>.py`` asks. A new task type
is one new folder with these modules; no stage changes. Reads and writes nothing itself.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from assay.artifacts import Artifacts
    from assay.bundle import Bundle
    from assay.gateways.tracking import Journal
    from assay.scoring.metrics import Outcome
    from assay.scoring.section import Section
    from assay.settings.schema import Model


@dataclass(frozen=True)
class Proposal:
    """What a new model starts with: its settings, how many rows were found, notes for the user."""

    settings: Model
    rows: int
    notes: list[str]


class Founds(Protocol):
    """Module ``new``."""

    def propose(self, data: Path, columns: Mapping[str, str]) -> Proposal:
        """Return settings under which ``assay run`` works on a file or folder.

        ``columns`` holds what the user called the columns, by the house's names (``text``,
        ``image``, ``label``); a task may need some of them.

        Raises:
            UsageError: a column was not named, or is missing; the nearest is named.
            MissingFile: nothing is there.
            SourceRefused: it can't be read.
            DataRefused: the labels name no classes.

        """

    def starting_point(self, settings: Model) -> str:
        """Return what the model starts to learn from, after a look that it is there.

        Raises:
            SettingsError: it is not there.

        """


class Ingests(Protocol):
    """Module ``ingest``."""

    def ingest(self, settings: Model, inbox: Path, target: Path) -> dict[str, int]:
        """Write every row of the source and the inbox as Parquet; return counts to show.

        Raises:
            SourceRefused: a source that cannot be read, or is not what it claims to be.

        """


class Validates(Protocol):
    """Module ``validate``."""

    def measure(self, raw: Path, settings: Model) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Return the raw table with a column for each measured property, and a summary of it.

        The suite in ``expectations/<task>.yaml`` speaks of these columns; the summary (counts and
        shares of what will be dropped) goes into the validation report.
        """


class Splits(Protocol):
    """Module ``split``."""

    def split(self, raw: Path, settings: Model, folder: Path) -> dict[str, Any]:
        """Write ``train``, ``validation`` and ``test`` tables; return the report, leaks counted."""


class Trains(Protocol):
    """Module ``train``."""

    def train(
        self, settings: Model, files: Artifacts, checkpoint: Path, curve: Path, journal: Journal
    ) -> None:
        """Write the best weights to the folder ``checkpoint`` and the curve as CSV."""


class Exports(Protocol):
    """Module ``export``."""

    def export(
        self, settings: Model, files: Artifacts, folder: Path
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Write the bundle to ``folder``; return the parity report, and timings (never tracked)."""


class Evaluates(Protocol):
    """Module ``evaluate``."""

    BASELINE: str  # what the simple model is, in a few words

    def score(self, bundle: Bundle, table: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return float64 probabilities of shape (rows, classes) in the bundle's label order."""

    def slices(self, table: pd.DataFrame, settings: Model) -> Mapping[str, pd.Series[str]]:
        """Return for each slicing its name and every row's slice."""

    def baseline(
        self, train: Path, test: pd.DataFrame, labels: Sequence[str], seed: int
    ) -> np.ndarray[Any, Any]:
        """Fit the simple model on the table ``train``; return probabilities as ``score``.

        ``train`` is a file and no table in memory: of images it may be larger than that.
        """

    def closer(
        self, bundle: Bundle, test: pd.DataFrame, model: Outcome, settings: Model
    ) -> Sequence[Section]:
        """Look closer than every report does: return what this task adds, often nothing."""

    def show(self, row: pd.Series[Any]) -> str:
        """Return one row as a person reads it in a list of errors."""


def founds(task: str) -> Founds:
    """Return the task's ``new`` module."""
    return cast("Founds", _module(task, "new"))


def ingests(task: str) -> Ingests:
    """Return the task's ``ingest`` module."""
    return cast("Ingests", _module(task, "ingest"))


def validates(task: str) -> Validates:
    """Return the task's ``validate`` module."""
    return cast("Validates", _module(task, "validate"))


def splits(task: str) -> Splits:
    """Return the task's ``split`` module."""
    return cast("Splits", _module(task, "split"))


def trains(task: str) -> Trains:
    """Return the task's ``train`` module."""
    return cast("Trains", _module(task, "train"))


def exports(task: str) -> Exports:
    """Return the task's ``export`` module."""
    return cast("Exports", _module(task, "export"))


def evaluates(task: str) -> Evaluates:
    """Return the task's ``evaluate`` module."""
    return cast("Evaluates", _module(task, "evaluate"))


def _module(task: str, stage: str) -> object:
    return importlib.import_module(f"assay.tasks.{task.replace('-', '_')}.{stage}")
