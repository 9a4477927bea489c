"""Classifiers whose answers are drawn, for the tests of this objective."""

from __future__ import annotations

import numpy as np

from assay.objectives.classification.metrics import Predictions


def drawn(
    rows: int, classes: int, skill: float, seed: int, labels: tuple[str, ...] | None = None
) -> Predictions:
    """Return predictions: the same truth for equal rows and classes, other answers by seed."""
    truth = np.random.default_rng(99).integers(0, classes, rows)
    logits = np.random.default_rng(seed).normal(size=(rows, classes))
    logits[np.arange(rows), truth] += skill
    likely = np.exp(logits)
    return Predictions(
        truth,
        likely / likely.sum(axis=1, keepdims=True),
        labels or tuple(f"class {number}" for number in range(classes)),
    )


def certain(truth: list[int], predicted: list[int], classes: int) -> Predictions:
    """Return predictions that are sure of each answer."""
    return Predictions(np.array(truth), np.eye(classes)[predicted], tuple("abcdefgh"[:classes]))
