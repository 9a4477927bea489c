"""One ``assay run`` of a model from a seed, timed.

Reads and writes the throw-away project that it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay import records
from assay.files import read_json
from assay.paths import ModelPaths
from assay.records import Evaluation
from bench import project, stopwatch
from bench.measure import figure

if TYPE_CHECKING:
    from bench.project import Project


@dataclass(frozen=True)
class Run:
    """What one ``assay run`` came to.

    Attributes:
        seed: of the training.
        whole: seconds of the command.
        training: seconds of the training loop in it.
        evaluation: of the bundle on the test split.

    """

    seed: int
    whole: float
    training: float
    evaluation: Evaluation

    @property
    def accuracy(self) -> float:
        """The bundle's accuracy on the test split."""
        return figure(self.evaluation.metric("accuracy").value)

    @property
    def macro_f1(self) -> float:
        """Its macro F1."""
        return figure(self.evaluation.metric("macro_f1").value)

    def interval(self, digits: int) -> str:
        """Return the 95 % interval of the accuracy."""
        metric = self.evaluation.metric("accuracy")
        return f"{figure(metric.low):.{digits}f}–{figure(metric.high):.{digits}f}"


def of(built: Project, model: str, seed: int) -> Run:
    """Run a model from a seed; what is not stale (the data) is not done again.

    Raises:
        StageFailed: the command failed.

    """
    project.change(built, model, {"train": {"seed": seed}})
    whole = built.seconds(project.script("assay"), "run", model)
    training = read_json(built.folder / stopwatch.kept("train"))["work"]
    evaluation = records.read(built.folder / ModelPaths(model).metrics, Evaluation)
    return Run(seed, whole, training, evaluation)
