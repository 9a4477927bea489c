"""The examples of texts by the real command: how good, how large, how fast, beside TF-IDF.

Reads ``examples/`` and the sources that they name (``ASSAY_MIRROR`` first). Writes temporary
folders alone. Half an hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay import records
from assay.files import read_json
from assay.paths import ModelPaths
from assay.progress import Progress
from assay.records import Evaluation, Parity, Timings
from assay.tasks.text_classification.baseline import TF_IDF
from bench import project, stopwatch, tables
from bench.measure import facts, figure, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.project import Project

EXAMPLES = Path("examples")


@dataclass(frozen=True)
class Size:
    """How much is measured: the seeds of each example, and changes to its settings by block."""

    seeds: Mapping[str, Sequence[int]]
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


# Three seeds of the one whose runs are short. README.zh.md shows a run of `reviews`.
FULL = Size({"banking77": (13,), "hotels": (13,), "sst2": (13, 14, 15)})
QUICK = Size({"sst2": (13,)}, {"ingest": {"limit": 900}, "train": {"mode": "probe"}})


@dataclass(frozen=True)
class Run:
    """What one ``assay run`` of an example came to; ``tf_idf`` is that baseline's accuracy."""

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


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks an example.
        StageFailed: a command failed.

    """
    size = QUICK if quick else FULL
    runs: list[Run] = []
    with tempfile.TemporaryDirectory() as scratch, Progress("texts", len(size.seeds)) as bar:
        for name, seeds in size.seeds.items():
            runs += _runs(Path(scratch) / name, name, seeds, size.changes)
            bar.advance(note=f"{name} {runs[-1].accuracy:.4f}")
    return _table(runs)


def _runs(
    folder: Path, name: str, seeds: Sequence[int], changes: Mapping[str, Mapping[str, Any]]
) -> list[Run]:
    """Build one example from each seed; what is not stale (the data) is not done again."""
    example = EXAMPLES / f"{name}.yaml"
    built = project.from_example(folder, example, stage_command="python -m bench.stopwatch")
    return [_run(built, name, seed, changes) for seed in seeds]


def _run(built: Project, name: str, seed: int, changes: Mapping[str, Mapping[str, Any]]) -> Run:
    project.change(built, name, {**changes, "train": {**changes.get("train", {}), "seed": seed}})
    whole = built.seconds(project.script("assay"), "run", name)
    files = ModelPaths(name)
    baselines = pd.read_csv(built.folder / files.tables / "baselines.csv").set_index("name")
    return Run(
        name,
        seed,
        whole,
        training=read_json(built.folder / stopwatch.kept("train"))["work"],
        evaluation=records.read(built.folder / files.metrics, Evaluation),
        parity=records.read(built.folder / files.parity, Parity),
        timings=records.read(built.folder / files.timings, Timings),
        tf_idf=float(baselines["test_accuracy"].loc[TF_IDF]),
    )


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


def _table(runs: Sequence[Run]) -> str:
    lines = []
    for name in dict.fromkeys(run.name for run in runs):
        own = [run for run in runs if run.name == name]
        lines += [_line(run) for run in own]
        lines += [_mean(name, own)] if len(own) > 1 else []
    head = (
        *("model", "test accuracy (95 %)", "macro F1", "TF-IDF", "test rows"),
        *("training, s", "the whole run, s", "bundle, MB", "rows a second"),
    )
    return "\n\n".join(
        [
            "**Texts.** `assay new NAME --from examples/NAME.yaml`, then `assay run NAME` for each "
            "seed. Accuracy and macro F1 of the bundle as it is served, on the test split that the "
            "pipeline made (`sst2`: its own dev file); beside it the accuracy of TF-IDF and "
            "logistic regression on the same rows. Training is what its loop and probe take, the "
            "whole run begins with the data (later seeds find it there). Rows a second are those "
            "of the export's timing on validation texts. Settings were chosen on validation "
            "splits alone.",
            facts(f"{len(runs)} runs, each once", figures="those of a seed are its one run's"),
            tables.markdown(head, lines),
        ]
    )
