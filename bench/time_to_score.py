"""How long Assay and ``Trainer`` take to one validation score, from three seeds.

Reads ``examples/sst2.yaml`` and its source (``ASSAY_MIRROR`` first). Writes a temporary folder
alone. Half an hour on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from assay.files import read_json
from assay.paths import ModelPaths
from assay.progress import Progress
from bench import project, stopwatch, tables
from bench.examples import EXAMPLES
from bench.measure import Spread, facts, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.project import Project

MODEL = "sst2"


@dataclass(frozen=True)
class Size:
    """How much is measured; ``limit`` keeps so many rows."""

    seeds: tuple[int, ...]
    epochs: int
    limit: int | None


# Three epochs are Trainer's default.
FULL, QUICK = Size((13, 14, 15), 3, None), Size((13,), 1, 900)


@dataclass(frozen=True)
class Reached:
    """A validation macro F1, and the seconds since the process began."""

    seconds: float
    macro_f1: float


@dataclass(frozen=True)
class Pair:
    """Both trainings from one seed: Assay's whole stage, and ``Trainer`` after each epoch."""

    seed: int
    ours: Reached
    epochs: tuple[Reached, ...]

    @property
    def theirs(self) -> Reached:
        """The first epoch of ``Trainer`` that is no worse than ours; its best where none is."""
        equal = (one for one in self.epochs if one.macro_f1 >= self.ours.macro_f1)
        return next(equal, max(self.epochs, key=lambda one: one.macro_f1))

    @property
    def times(self) -> float:
        """How many times as long ``Trainer`` took."""
        return self.theirs.seconds / self.ours.seconds


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the project lacks the example.
        StageFailed: a command failed.

    """
    size = QUICK if quick else FULL
    pairs: list[Pair] = []
    with (
        tempfile.TemporaryDirectory() as scratch,
        Progress("time to score", len(size.seeds)) as bar,
    ):
        built = project.from_examples(
            Path(scratch) / "project",
            EXAMPLES / f"{MODEL}.yaml",
            stage_command="python -m bench.stopwatch",
        )
        project.change(built, MODEL, {"ingest": {"limit": size.limit}})
        for seed in size.seeds:
            ours = _ours(built, seed)
            pairs.append(Pair(seed, ours, _theirs(built, seed, size.epochs)))
            bar.advance(note=f"{pairs[-1].times:.1f} times")
    return _page(pairs)


def _ours(built: Project, seed: int) -> Reached:
    project.change(built, MODEL, {"train": {"seed": seed}})
    built.call(project.script("dvc"), "repro", "--quiet", f"train@{MODEL}")
    curve = pd.read_csv(built.folder / ModelPaths(MODEL).curve)
    best = float(curve["validation_macro_f1"].max())
    return Reached(read_json(built.folder / stopwatch.kept("train"))["stage"], best)


def _theirs(built: Project, seed: int, epochs: int) -> tuple[Reached, ...]:
    words = (sys.executable, "-m", "bench.trainer", MODEL, str(seed), str(epochs))
    lines = [line for line in built.call(*words).splitlines() if line.startswith('{"seconds"')]
    found = [json.loads(line) for line in lines]
    return tuple(Reached(one["seconds"], one["macro_f1"]) for one in found)


def _page(pairs: Sequence[Pair]) -> str:
    head = ["seed", "Assay, s", "macro F1", "`Trainer`, s", "macro F1", "`Trainer` ÷ Assay"]
    mean = statistics.mean(pair.ours.macro_f1 for pair in pairs)
    other = statistics.mean(pair.theirs.macro_f1 for pair in pairs)
    times = Spread.of([pair.times for pair in pairs])
    lines = [_line(pair) for pair in pairs]
    lines.append(["**all**", "", f"**{mean:.4f}**", "", f"**{other:.4f}**", f"**{times}**"])
    return "\n\n".join(
        [
            f"**Time to a score.** `{MODEL}` of the examples, its train and validation splits. "
            "Assay: the whole stage `train`, from the start of its process, and the macro F1 of "
            "the weights that it keeps. `Trainer` with its defaults (three epochs, batches of 8, "
            "fp32, all weights), from the start of its process to the first epoch whose validation "
            "macro F1 is no lower than Assay's; to its best epoch where there is none.",
            facts(f"{len(pairs)} seeds, each once", figures="in turns"),
            tables.markdown(head, lines),
        ]
    )


def _line(pair: Pair) -> list[str]:
    ours, theirs = pair.ours, pair.theirs
    return [
        str(pair.seed),
        number(ours.seconds),
        f"{ours.macro_f1:.4f}",
        number(theirs.seconds),
        f"{theirs.macro_f1:.4f}",
        number(pair.times),
    ]
