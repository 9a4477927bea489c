"""CIFAR-10 from three seeds by the real command, and the tutorial's LeNet beside it.

Reads ``examples/cifar10.yaml`` and the source that it names (``ASSAY_MIRROR`` first). Writes a
temporary folder alone. An hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.paths import PARAMS, ModelPaths
from assay.progress import Progress
from assay.settings.classification import ClassificationModel
from assay.tasks import registry
from bench import project, runs, tables, tutorial
from bench.measure import facts, number

if TYPE_CHECKING:
    from bench.project import Project
    from bench.runs import Run

EXAMPLE = Path("examples/cifar10.yaml")
MODEL = EXAMPLE.stem


@dataclass(frozen=True)
class Size:
    """How much is measured; ``changes`` are made to the example's settings."""

    seeds: tuple[int, ...]
    changes: dict[str, dict[str, Any]]
    tutorial_rows: int


FULL = Size((13, 14, 15), {}, 10**9)
QUICK = Size(
    (13,),
    {"ingest": {"limit": 1200}, "train": {"epochs": 1, "batch_size": 100, "width": 0.25}},
    200,
)


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project has no such example.
        StageFailed: a command failed.

    """
    size = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as scratch, Progress("seeds", len(size.seeds) + 1) as bar:
        built = project.from_examples(
            Path(scratch) / "project", EXAMPLE, stage_command="python -m bench.stopwatch"
        )
        project.change(built, MODEL, size.changes)
        found = []
        for seed in size.seeds:
            found.append(runs.of(built, MODEL, seed))
            bar.advance(note=f"{found[-1].accuracy:.4f}")
        files = ModelPaths(MODEL)
        seconds, accuracy = tutorial.learn(
            built.folder / files.raw,
            built.folder / files.split("test"),
            _labels(built),
            size.tutorial_rows,
            size.seeds[0],
        )
        bar.advance(note=f"{accuracy:.4f}")
    return _table(found, seconds, accuracy)


def _labels(built: Project) -> tuple[str, ...]:
    found = registry.load_model(MODEL, built.folder / PARAMS)
    if not isinstance(found, ClassificationModel):
        raise project.other_task(MODEL, found, "a classification")
    return found.labels


def _table(found: list[Run], seconds: float, accuracy: float) -> str:
    lines = [
        [
            f"`speednet`, seed {run.seed}, {run.evaluation.precision}",
            f"{run.accuracy:.4f} ({run.interval(4)})",
            number(run.training),
            number(run.whole),
        ]
        for run in found
    ]
    mean = statistics.mean(run.accuracy for run in found)
    lines += [
        [
            "**`speednet`, mean**",
            f"**{mean:.4f}**",
            number(statistics.mean(run.training for run in found)),
            number(statistics.mean(run.whole for run in found)),
        ],
        ["the tutorial's LeNet", f"{accuracy:.4f}", number(seconds), "—"],
    ]
    return "\n\n".join(
        [
            f"**CIFAR-10, seed by seed.** `assay new {MODEL} --from {EXAMPLE}`, then `assay run "
            f"{MODEL}` for each seed, on the {found[0].evaluation.rows:,} test images of the "
            "source; accuracy of the bundle as it is served, with its 95 % bootstrap interval. The "
            "first run begins with the data; the others find it there. Every figure of the test "
            "split is of a finished run; nothing was chosen by it.",
            facts(f"{len(found)} seeds, each once", figures="those of a seed are its one run's"),
            tables.markdown(["network", "test accuracy", "training, s", "the whole run, s"], lines),
        ]
    )
