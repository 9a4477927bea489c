"""How often flipped labels among new rows are found, and how often sound ones are refused.

Reads the test split's predictions of both models of the workspace. Writes nothing. Each repeat
splits the test rows anew into trusted rows and new ones, and runs the test that the gate runs.
Ten minutes on two cores: it is measured when it is asked for by name.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.objectives.classification import metrics
from assay.objectives.classification.flips import KINDS, SHARES, flip
from assay.objectives.classification.metrics import Predictions
from assay.objectives.classification.suspicion import examine
from assay.paths import ModelPaths
from assay.progress import Progress
from bench import project, tables
from bench.measure import facts, number

if TYPE_CHECKING:
    from assay.objectives.classification.flips import Kind
    from assay.objectives.classification.metrics import Ints

ERROR = 0.05
NEW, FEW = 500, 20
COLUMN = "p_"
# The share of a class's rows that are kept where the classes' shares are shifted.
KEPT = 0.25


@dataclass(frozen=True)
class Size:
    """How many repeats: of rows with sound labels, and of rows some of which are flipped."""

    sound: int
    flipped: int


FULL, QUICK = Size(sound=2000, flipped=1000), Size(sound=10, flipped=4)


@dataclass(frozen=True)
class Case:
    """New rows of one kind; ``shifted`` ones lack most rows of some classes."""

    rows: int = NEW
    shifted: bool = False
    share: float = 0.0
    kind: Kind = "random"


SOUND = {
    f"{NEW} new rows, labels as good": Case(),
    f"{FEW} new rows, labels as good": Case(rows=FEW),
    f"{NEW} new rows, other class shares": Case(shifted=True),
}
FLIPPED = {
    f"{share:.0%} flipped, {'random' if kind == 'random' else 'one class to another'}": Case(
        share=share, kind=kind
    )
    for kind in KINDS
    for share in SHARES
}


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the workspace was not built.

    """
    size = QUICK if quick else FULL
    models = (project.MODEL, project.IMAGES)
    found = {model: _predictions(model) for model in models}
    cases = {**SOUND, **FLIPPED}
    with Progress("suspicion", len(cases) * len(models)) as bar:
        lines = []
        for name, case in cases.items():
            repeats = size.flipped if case.share else size.sound
            lines.append([name, f"{repeats:,}"])
            for model in models:
                share = refused(found[model], case, repeats)
                lines[-1].append(f"{share:.3f}")
                bar.advance(note=f"{model}: {name}: {share:.3f}")
    return _table(found, lines)


def _predictions(model: str) -> Predictions:
    files = ModelPaths(model)
    project.workspace(files.split("test"), files.predictions, model=model)
    table = pd.read_parquet(files.predictions)
    columns = [name for name in map(str, table) if name.startswith(COLUMN)]
    labels = tuple(name.removeprefix(COLUMN) for name in columns)
    return metrics.predictions(table["label"].tolist(), table[columns].to_numpy(), labels)


def refused(found: Predictions, case: Case, repeats: int) -> float:
    """Return the share of repeats in which the new rows are refused."""
    rng = np.random.default_rng(13)
    return sum(_refused(found, case, rng) for _ in range(repeats)) / repeats


def _refused(found: Predictions, case: Case, rng: np.random.Generator) -> bool:
    order = rng.permutation(len(found.truth))
    half = len(order) // 2
    trusted, rows = order[:half], _new(found, order[half:], case, rng)
    given = flip(found.truth[rows], len(found.labels), case.share, case.kind, rng)
    return examine(
        Predictions(found.truth[trusted], found.probabilities[trusted], found.labels),
        Predictions(given, found.probabilities[rows], found.labels),
        error=ERROR,
        seed=int(rng.integers(2**31)),
    ).refused


def _new(found: Predictions, pool: Ints, case: Case, rng: np.random.Generator) -> Ints:
    if case.shifted:
        kept = rng.choice([KEPT, 1.0], len(found.labels))
        pool = pool[rng.random(len(pool)) < kept[found.truth[pool]]]
    return pool[: case.rows]


def _seconds(found: Predictions) -> float:
    """Return the wall time of one examination: every row is trusted, and half of them are new."""
    new = found.rows(np.arange(len(found.truth)) % 2 == 0)
    examine(found, new, error=ERROR)
    started = time.perf_counter()
    examine(found, new, error=ERROR)
    return time.perf_counter() - started


def _table(found: dict[str, Predictions], lines: list[list[str]]) -> str:
    rows = " and ".join(f"{len(of.truth) // 2:,} for `{model}`" for model, of in found.items())
    seconds = ", ".join(
        f"{number(_seconds(of))} s for {len(of.truth):,} trusted and "
        f"{(len(of.truth) + 1) // 2:,} new rows of `{model}`"
        for model, of in found.items()
    )
    return "\n\n".join(
        [
            "**Wrong labels among new rows.** The share of repeats in which the gate's rule on "
            f"labels refuses, at `label_error: {ERROR}`. Each repeat draws trusted rows (half of "
            f"the test rows: {rows}) and new ones from the other half, and flips labels of the "
            f"new ones. *Other class shares*: of some classes, {KEPT:.0%} of the rows are kept. "
            f"One examination takes {seconds}.",
            facts("as many as the table says", figures="each figure is a share of them"),
            tables.markdown(["new rows", "repeats", *(f"`{name}`" for name in found)], lines),
        ]
    )
