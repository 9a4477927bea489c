"""What a task is: one typed object, which its folder exports.

Reads and writes nothing itself. A task joins a modality (how its data is read) with an objective
(how its model is measured), and adds what only this pair has: networks, recipe, served graph. Its
methods import what they need when they are called, so that naming a task loads no library.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from assay.errors import AssayError
from assay.settings.schema import Model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from assay.bundle.classifier import Classifier
    from assay.bundle.encoding import Encoder
    from assay.bundle.manifest import Manifest
    from assay.bundle.opened import Opened
    from assay.learning.run import TrainingRun
    from assay.modalities.requests import Requests
    from assay.modalities.targets import Measurement
    from assay.monitoring.measures import Measures
    from assay.paths import ModelPaths
    from assay.records import Parity, SplitReport, Timings
    from assay.reporting.report import Report
    from assay.verdicts import GateFindings, GateInputs

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Column:
    """A column of a user's table that ``assay new`` has an option for.

    Attributes:
        name: of the option, without dashes.
        help: what the option says.

    """

    name: str
    help: str


@dataclass(frozen=True)
class Proposal(Generic[M]):
    """What a new model starts with: its settings, how many rows were found, notes for the user."""

    settings: M
    rows: int
    notes: list[str]


class Task(ABC, Generic[M]):
    """One kind of model; ``M`` is its block in ``params.yaml``.

    Attributes:
        settings: the type of that block; its ``data`` and ``task`` name the task.
        data: the modality.
        task: the objective.
        command: which of Assay's commands asks a built model.
        operations: by which the server's clients ask a model, as they are named in
            :mod:`assay.serving.protocol.operations`; empty: the server does not serve it.
        columns: those that ``assay new`` asks for.

    """

    settings: type[M]
    data: ClassVar[str]
    task: ClassVar[str]
    command: ClassVar[str]
    operations: ClassVar[tuple[str, ...]]
    columns: ClassVar[tuple[Column, ...]]

    @property
    def name(self) -> str:
        """The name that Hugging Face has for it, e.g. ``text-classification``."""
        return f"{self.data}-{self.task}"

    @property
    def folder(self) -> str:
        """The name of its folder and of its suite, e.g. ``text_classification``."""
        return f"{self.data}_{self.task}"

    @abstractmethod
    def propose(self, data: Path, columns: Mapping[str, str]) -> Proposal[M]:
        """Return settings under which ``assay run`` works on a file or folder.

        ``columns`` holds what the user called the columns, by the names of :attr:`columns`.

        Raises:
            UsageError: a column was not named, or is missing; the nearest is named.
            MissingFile: nothing is there.
            SourceRefused: it can't be read.
            DataRefused: there is nothing in it to learn.

        """

    @abstractmethod
    def starting_point(self, settings: M) -> str:
        """Check that what the model starts from is there, and return its name.

        Raises:
            SettingsError: it is not there.

        """

    @abstractmethod
    def ingest(self, settings: M, inbox: Path, target: Path) -> dict[str, int]:
        """Write every row of the source and the inbox as Parquet; return the rows of each part.

        Raises:
            SourceRefused: a source that cannot be read, or is not what it claims to be.

        """

    @abstractmethod
    def measure(self, raw: Path, settings: M) -> Measurement:
        """Return the raw table with the columns that the suite names, and a summary of it."""

    @abstractmethod
    def split(self, raw: Path, settings: M, folder: Path, earlier: Path | None) -> SplitReport:
        """Write ``train``, ``validation`` and ``test`` tables; return the report, leaks counted.

        ``earlier`` is the record of the split before, ``assignment.parquet``, where there is one
        and the task keeps one: rows whose content alone decides need none.

        Raises:
            DataRefused: a split would be empty, or there is nothing to learn in it.

        """

    @abstractmethod
    def training_digest(self, settings: M, files: ModelPaths) -> str:
        """Return a digest of all that decides a training's bytes: two equal ones are one training.

        Raises:
            SettingsError: the pretrained checkpoint is not there.

        """

    @abstractmethod
    def train(self, settings: M, files: ModelPaths, run: TrainingRun) -> None:
        """Learn from the train split, choose on the validation split; write weights and curve.

        Raises:
            SettingsError: the pretrained checkpoint does not fit.
            Diverged: the loss is not finite.

        """

    @abstractmethod
    def export(self, settings: M, files: ModelPaths, folder: Path) -> tuple[Parity, Timings]:
        """Write the bundle to ``folder``; return the parity report, and what was timed.

        Raises:
            ParityFailed: ONNX and torch give different answers.

        """

    @abstractmethod
    def evaluate(self, settings: M, files: ModelPaths) -> Report:
        """Measure the bundle on the test split beside simple baselines.

        Raises:
            BundleRefused: the bundle's bytes were altered.
            DataRefused: the test split is empty, or does not fit the bundle.

        """

    @abstractmethod
    def judge(self, settings: M, given: GateInputs) -> GateFindings:
        """Return the gate's rules on a challenger: against the champion, behaviour, labels.

        Raises:
            BundleRefused: a bundle cannot be opened.
            DataRefused: the test split is empty, or does not fit a bundle.
            SettingsError: the file of behaviour is wrong.

        """

    @abstractmethod
    def observe(self, settings: M, bundle: Path, table: pd.DataFrame) -> Measures:
        """Return measures of a raw table's rows, by name, for tests on drift.

        Numbers are float64 of shape (rows,), categories the rows of each. A classifier's own
        outputs are among them.

        Raises:
            BundleRefused: the bundle cannot be opened.

        """

    def pretrained(self, settings: M) -> Path | None:
        """Return the folder of the pretrained checkpoint; None where weights start at random."""
        return None

    def require_teachers(self, settings: M) -> None:
        """Check that the models that it learns from are those that its settings name.

        Raises:
            SettingsError: one of them is another one now.
            InputRefused: one was not built.

        """

    @abstractmethod
    def example(self, settings: M) -> str:
        """Return words for :attr:`command` to ask a model with."""

    @abstractmethod
    def open(self, folder: Path, *, threads: int = 2) -> Opened:
        """Check a bundle's bytes, then load it.

        Raises:
            BundleRefused: a file is missing, was altered, or does not belong there; no graph of
                the bundle answers here as it was measured.

        """


class PredictingTask(Task[M]):
    """A task whose models give each input one answer: ``assay predict`` asks them."""

    command = "predict"
    operations = ("infer", "predict")

    @abstractmethod
    def encoder(self, folder: Path, manifest: Manifest) -> Encoder:
        """Return what turns inputs into the feeds of the bundle in ``folder``."""

    @abstractmethod
    def requests(self, settings: M) -> Requests:
        """Return how ``assay predict`` reads what it is asked about."""

    def example(self, settings: M) -> str:
        """Return one input as ``assay predict`` takes it."""
        return self.requests(settings).example

    def open(self, folder: Path, *, threads: int = 2) -> Classifier:
        """Check a bundle's bytes, then load it with the encoder of this task."""
        from assay.bundle.classifier import Classifier

        return Classifier.open(folder, self._encoder, threads=threads)

    def _encoder(self, folder: Path, manifest: Manifest) -> Encoder:
        from assay.bundle.manifest import refused

        try:
            return self.encoder(folder, manifest)
        except AssayError:
            raise
        except Exception as problem:  # of tokenizers, which raises no class of its own, and others
            raise refused(folder, f"its inputs cannot be encoded: {problem}") from problem
