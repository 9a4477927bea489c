"""One ``assay run`` of a text model after another, and the table of what they came to.

Reads and writes the throw-away project that it is given.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from assay import records
from assay.paths import ModelPaths
from assay.records import Parity, Timings
from assay.tasks.text_classification.baseline import TF_IDF
from bench import examples, runs, tables
from bench.measure import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.project import Project
    from bench.runs import Run

HEAD = (
    *("model", "test accuracy (95 %)", "macro F1", "TF-IDF", "test rows"),
    *("training, s", "the whole run, s", "bundle, MB", "rows a second"),
)


@dataclass(frozen=True)
class TextRun:
    """A run of a text model, and what stands beside it; ``tf_idf`` is that baseline's accuracy."""

    name: str
    run: Run
    parity: Parity
    timings: Timings
    tf_idf: float

    @property
    def note(self) -> str:
        """Its accuracy, for the progress."""
        return f"{self.run.accuracy:.4f}"


def of(built: Project, model: str, seed: int, name: str = "") -> TextRun:
    """Run a model from a seed; it is called ``name`` in the table, if not by its own.

    Raises:
        StageFailed: the command failed.

    """
    run = runs.of(built, model, seed)
    files = ModelPaths(model)
    baselines = pd.read_csv(built.folder / files.tables / "baselines.csv").set_index("name")
    return TextRun(
        name or model,
        run,
        parity=records.read(built.folder / files.parity, Parity),
        timings=records.read(built.folder / files.timings, Timings),
        tf_idf=float(baselines["test_accuracy"].loc[TF_IDF]),
    )


def table(found: Sequence[TextRun]) -> str:
    """Return a line for each run, and the mean of those that differ by their seed alone."""
    return tables.markdown(HEAD, examples.lines(found, _line, _mean))


def _line(one: TextRun) -> list[str]:
    run, served = one.run, one.parity.precision
    return [
        f"`{one.name}`, seed {run.seed}",
        f"{run.accuracy:.4f} ({run.interval(3)})",
        f"{run.macro_f1:.4f}",
        f"{one.tf_idf:.4f}",
        f"{run.evaluation.rows:,}",
        number(run.training),
        number(run.whole),
        f"{served}, {one.parity.served.megabytes:.0f}",
        number(one.timings.served(served)),
    ]


def _mean(name: str, found: Sequence[TextRun]) -> list[str]:
    figures = ([one.run.accuracy for one in found], [one.run.macro_f1 for one in found])
    accuracy, macro_f1 = (f"**{statistics.mean(values):.4f}**" for values in figures)
    return [f"**`{name}`, mean**", accuracy, macro_f1, *[""] * 6]
