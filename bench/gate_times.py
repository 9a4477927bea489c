"""How long the gate's statistics take: the exact p, and the paired bootstrap of what decides.

Reads and writes nothing; the two classifiers' answers are drawn.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from assay.objectives.classification import comparison
from assay.objectives.classification.metrics import Predictions
from assay.objectives.classification.noninferiority import p_value, paired
from bench import tables
from bench.measure import Spread, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.settings.release import Gate

CLASSES = 3


def measure(rows: int, rounds: int, gate: Gate) -> str:
    """Return the table of both, on so many rows."""
    first, second = drawn(rows, 1), drawn(rows, 2)
    counts = paired(first, second)
    contenders = {
        "the exact p of non-inferiority": lambda: p_value(counts, gate.margin),
        f"paired bootstrap of what decides, {gate.bootstrap:,} draws": lambda: comparison.compare(
            first, second, resamples=gate.bootstrap, seed=1, names=comparison.DECISIVE
        ),
    }
    lines = [
        [name, str(Spread.of([_seconds(run) for _ in range(rounds)]))]
        for name, run in contenders.items()
    ]
    what = (
        f"seconds for {rows:,} rows of {CLASSES} classes, of which the two disagree on "
        f"{number(100 * counts.discordant / counts.rows)} %; {rounds} rounds"
    )
    return tables.markdown([what, "median (least–greatest)"], lines)


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def drawn(rows: int, seed: int) -> Predictions:
    """Return predictions: the same truth and hard rows for every seed, other answers."""
    shared = np.random.default_rng(0)
    truth = shared.integers(0, CLASSES, rows)
    logits = 0.9 * shared.normal(size=(rows, CLASSES))
    logits[np.arange(rows), truth] += 1.8
    logits += 0.3 * np.random.default_rng(seed).normal(size=logits.shape)
    likely = np.exp(logits)
    labels = tuple(f"class {place}" for place in range(CLASSES))
    return Predictions(truth, likely / likely.sum(axis=1, keepdims=True), labels)
