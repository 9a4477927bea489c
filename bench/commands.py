"""What the commands cost, and what the pipeline adds around the work itself.

Reads the workspace's splits and pipeline. Writes temporary folders alone.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import StageFailed
from assay.files import read_json
from assay.paths import SPLITS, STAGES, ModelPaths
from assay.progress import Progress
from bench import project, stopwatch, tables
from bench.measure import Spread, facts, in_turns, ratios
from bench.project import SLICE, Project

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rows: int
    pipelines: int
    calls: int


FULL, QUICK = Size(rows=400, pipelines=3, calls=7), Size(rows=300, pipelines=1, calls=2)
BARE = "`python -c pass`"
REST = "DVC, the start of six processes, MLflow's registry"


@dataclass(frozen=True)
class Run:
    """The seconds of one ``assay run``."""

    whole: float
    stages: dict[str, float]
    work: dict[str, float]

    @property
    def added(self) -> float:
        """What the pipeline spent around the work."""
        return self.whole - sum(self.work.values())

    @property
    def rest(self) -> float:
        """What was spent outside the stages."""
        return self.whole - sum(self.stages.values())


def measure(quick: bool) -> str:
    """Return both tables.

    Raises:
        MissingFile: the workspace was not built.
        StageFailed: a command failed.

    """
    size = QUICK if quick else FULL
    splits = [ModelPaths(project.MODEL).split(name) for name in SPLITS]
    project.workspace(*splits)
    # A row's split hangs on its text: rows of one split alone would leave the others empty.
    everything = pd.concat(map(pd.read_parquet, splits), ignore_index=True)
    rows = project.spread_out(everything, size.rows)
    with tempfile.TemporaryDirectory() as scratch:
        runs = []
        with Progress("assay run", size.pipelines) as bar:
            for place in range(size.pipelines):
                built, run = _build(Path(scratch) / str(place), rows)
                runs.append(run)
                bar.advance(note=f"{run.whole:.0f} s")
        calls = in_turns(_calls(built), size.calls, "commands")
    return f"{_commands(calls, size)}\n\n{_pipeline(runs, len(rows))}"


def _build(folder: Path, rows: pd.DataFrame) -> tuple[Project, Run]:
    """Run the whole pipeline in a new folder."""
    built = project.lay_out(folder, rows, stage_command="python -m bench.stopwatch")
    whole = built.seconds(project.script("assay"), "run", SLICE)
    kept = {stage: read_json(folder / stopwatch.kept(stage)) for stage in STAGES}
    return built, Run(
        whole=whole,
        stages={stage: seconds["stage"] for stage, seconds in kept.items()},
        work={stage: kept[stage]["work"] for stage in stopwatch.WORK},
    )


def _calls(built: Project) -> dict[str, Callable[[], float]]:
    assay, dvc = project.script("assay"), project.script("dvc")
    if "Running stage" in built.call(dvc, "repro"):
        raise StageFailed("dvc repro found something to do right after assay run")
    words = {
        BARE: (sys.executable, "-c", "pass"),
        "`assay --help`": (assay, "--help"),
        "`dvc repro`, nothing to do": (dvc, "repro"),
        "`assay predict MODEL TEXT`": (assay, "predict", SLICE, "I love this phone"),
    }
    return {name: partial(built.seconds, *words) for name, words in words.items()}


def _commands(calls: dict[str, list[float]], size: Size) -> str:
    rows = [
        [name, str(Spread.of(seconds)), str(Spread.of(ratios(seconds, calls[BARE])))]
        for name, seconds in calls.items()
    ]
    return "\n\n".join(
        [
            "**Commands.** Wall time of the process, from start to end, in a project whose one "
            "model is built. All of them in turns; the ratio is to the bare interpreter of the "
            "same round.",
            facts(f"{size.calls} rounds"),
            tables.markdown(["command", "seconds", "÷ bare python"], rows),
        ]
    )


def _pipeline(runs: list[Run], rows: int) -> str:
    def line(name: str, seconds: Callable[[Run], float]) -> list[str]:
        of_whole = Spread.of([100 * seconds(run) / run.whole for run in runs])
        return [name, str(Spread.of([seconds(run) for run in runs])), str(of_whole)]

    around = {
        "ingest, validate, split": lambda r: sum(
            r.stages[stage] for stage in ("ingest", "validate", "split")
        ),
        "around training: imports, tokens, resumption": lambda r: (
            r.stages["train"] - r.work["train"]
        ),
        "around quantising: trace, parity with torch, both precisions timed": lambda r: (
            r.stages["export"] - r.work["export"]
        ),
        "around scoring: baseline, intervals, pictures, report": lambda r: (
            r.stages["evaluate"] - r.work["evaluate"]
        ),
        REST: lambda r: r.rest,
    }
    lines = [
        line("`assay run`, the whole", lambda r: r.whole),
        line(
            "the work: training, with its validation and its state on disk",
            lambda r: r.work["train"],
        ),
        line("the work: quantising", lambda r: r.work["export"]),
        line("the work: scoring the test split", lambda r: r.work["evaluate"]),
        line("**what the pipeline adds**", lambda r: r.added),
        *(line(f"— {name}", seconds) for name, seconds in around.items()),
    ]
    return "\n\n".join(
        [
            f"**What the pipeline adds.** `assay run` on {rows:,} real rows, one epoch, in a new "
            "folder each time. Inside each stage's own process a clock stands around the one "
            "function that is the work (`Training.run`, `onnx.quantize_dynamic`, "
            "`Classifier.predict`); what the pipeline adds is the wall time of the command less "
            "these three.",
            facts(f"{len(runs)}, each from nothing"),
            tables.markdown(["part", "seconds", "% of the whole"], lines),
        ]
    )
