"""One ``assay run`` of a text model after another, and the table of what they came to.

Reads and writes the throw-away project that it is given.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from assay import records
from assay.files import read_json
from assay.paths import ModelPaths
from assay.records import Evaluation, Parity, Timings
from assay.tasks.text_classification.baseline import TF_IDF
from bench import project, stopwatch, tables
from bench.measure import figure, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.project import Project

HEAD = (
    *("model", "test accuracy (95 %)", "macro F1", "TF-IDF", "test rows"),
    *("training, s", "the whole run, s", "bundle, MB", "rows a second"),
)


@dataclass(frozen=True)
class Run:
    """What one ``assay run`` came to; ``tf_idf`` is that baseline's accuracy."""

    name: str
    seed: int
    whole: float
    training: float
    evaluation: Evaluation
    parity: Parity
    timings: Timings
    tf_idf: float

    @property
    def accuracy(self) -> float:
        """The bundle's accuracy on the test split."""
        return figure(self.evaluation.metric("accuracy").value)

    @property
    def macro_f1(self) -> float:
        """Its macro F1."""
        return figure(self.evaluation.metric("macro_f1").value)


def of(built: Project, model: str, seed: int, name: str = "") -> Run:
    """Run a model from a seed; what is not stale (the data) is not done again.

    Raises:
        StageFailed: the command failed.

    """
    project.change(built, model, {"train": {"seed": seed}})
    whole = built.seconds(project.script("assay"), "run", model)
    files = ModelPaths(model)
    baselines = pd.read_csv(built.folder / files.tables / "baselines.csv").set_index("name")
    return Run(
        name or model,
        seed,
        whole,
        training=read_json(built.folder / stopwatch.kept("train"))["work"],
        evaluation=records.read(built.folder / files.metrics, Evaluation),
        parity=records.read(built.folder / files.parity, Parity),
        timings=records.read(built.folder / files.timings, Timings),
        tf_idf=float(baselines["test_accuracy"].loc[TF_IDF]),
    )


def table(runs: Sequence[Run]) -> str:
    """Return a line for each run, and the mean of those that differ by their seed alone."""
    lines = []
    for name in dict.fromkeys(run.name for run in runs):
        own = [run for run in runs if run.name == name]
        lines += [_line(run) for run in own]
        lines += [_mean(name, own)] if len(own) > 1 else []
    return tables.markdown(HEAD, lines)


def _line(run: Run) -> list[str]:
    metric = run.evaluation.metric("accuracy")
    served = run.evaluation.precision
    small = served == "int8"
    part = run.parity.int8 if small else run.parity.fp32
    rate = run.timings.rows_per_second_int8 if small else run.timings.rows_per_second_fp32
    interval = "" if metric.low is None else f" ({metric.low:.3f}–{figure(metric.high):.3f})"
    return [
        f"`{run.name}`, seed {run.seed}",
        f"{run.accuracy:.4f}{interval}",
        f"{run.macro_f1:.4f}",
        f"{run.tf_idf:.4f}",
        f"{run.evaluation.rows:,}",
        number(run.training),
        number(run.whole),
        f"{served}, {part.megabytes:.0f}",
        number(rate),
    ]


def _mean(name: str, runs: Sequence[Run]) -> list[str]:
    figures = ([run.accuracy for run in runs], [run.macro_f1 for run in runs])
    accuracy, macro_f1 = (f"**{statistics.mean(values):.4f}**" for values in figures)
    return [f"**`{name}`, mean**", accuracy, macro_f1, *[""] * 6]
