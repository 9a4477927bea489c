"""How far a figure could be off: percentile bootstrap intervals, single and paired.

Reads and writes nothing. The rows of the test split are drawn anew with replacement, many times;
the middle 95 % of a figure over these draws is its interval (Efron & Tibshirani 1993, "An
Introduction to the Bootstrap", chapters 13 and 16). All classifiers are measured on the same
draws, so that the interval of a difference is paired: what is hard for both cancels out.

The calibration error has no interval: resampling alone makes it larger, and the percentiles would
lie beside the figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from assay.objectives.classification.metrics import Floats, Ints, Predictions
    from assay.progress import Reports

    Counts = NDArray[np.float32]

NAMES = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "roc_auc", "log_loss")
LEVEL = 0.95
# Rows times resamples that are held at once: some 20 MiB in all.
CHUNK = 1_000_000


def resample(
    results: Mapping[str, Predictions],
    resamples: int,
    seed: int,
    progress: Reports | None = None,
    names: Sequence[str] = NAMES,
) -> dict[str, dict[str, Floats]]:
    """Measure every classifier on the same bootstrap samples of the rows.

    Args:
        results: classifiers by name, all on the same rows.
        resamples: how many samples.
        seed: of the draws.
        progress: told how many samples are done.
        names: which figures of :data:`NAMES`; others take no time.

    Returns:
        By classifier and figure the values, shape (resamples,); NaN where a sample leaves a
        figure undefined (ROC-AUC of a single class).

    Raises:
        ValueError: the classifiers' truths differ.

    """
    truths = [result.truth for result in results.values()]
    if any(not np.array_equal(truth, truths[0]) for truth in truths[1:]):
        raise ValueError("a paired bootstrap needs classifiers measured on the same rows")
    parts: dict[str, dict[str, list[Floats]]] = {
        name: {figure: [] for figure in names} for name in results
    }
    for counts in _draws(len(truths[0]), resamples, seed):
        for name, result in results.items():
            for figure, values in _measure(result, counts, names).items():
                parts[name][figure].append(values)
        if progress:
            progress.advance(counts.shape[1])
    return {
        name: {figure: np.concatenate(chunks) for figure, chunks in figures.items()}
        for name, figures in parts.items()
    }


def interval(values: Floats) -> tuple[float, float] | None:
    """Return the middle 95 % of resampled values; None where no sample defines the figure."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def better(low: float, high: float) -> int:
    """Return 1 if a difference's interval lies above zero, -1 if below, 0 if it holds zero."""
    return int(low > 0) - int(high < 0)


def _draws(rows: int, resamples: int, seed: int) -> Iterator[Counts]:
    """Yield how often each row is drawn, shape (rows, samples of this chunk).

    float32 holds counts and their sums exactly up to 2**24 rows, and is what matrix products are
    fast in.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    size = max(1, min(resamples, CHUNK // rows))
    for start in range(0, resamples, size):
        samples = min(size, resamples - start)
        drawn = random.integers(0, rows, size=(samples, rows))
        drawn += np.arange(samples)[:, None] * rows
        counts = np.bincount(drawn.ravel(), minlength=samples * rows).reshape(samples, rows)
        yield np.ascontiguousarray(counts.T, dtype=np.float32)


def _measure(result: Predictions, counts: Counts, names: Sequence[str]) -> dict[str, Floats]:
    """Return each of the named figures for each sample, shape (samples,)."""
    found = _by_class(result, counts)
    if "roc_auc" in names:
        found["roc_auc"] = _macro_auc(result, counts)
    if "log_loss" in names:
        own = result.probabilities[np.arange(len(result.truth)), result.truth]
        losses = -np.log(own.clip(np.finfo(np.float64).eps, 1))
        found["log_loss"] = (counts.T.astype(np.float64) @ losses) / len(result.truth)
    return {name: found[name] for name in names}


def _by_class(result: Predictions, counts: Counts) -> dict[str, Floats]:
    """Return the figures that hang on how often each class was drawn, predicted and hit."""
    present = result.present
    actual = _sums(result.truth, present, counts)
    predicted = _sums(result.predicted, present, counts)
    hits = _sums(np.where(result.correct, result.truth, -1), present, counts)
    # A class that a sample lacks takes no part in that sample's average.
    drawn = np.where(actual > 0, 1.0, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.nan_to_num(hits / predicted)
        return {
            "accuracy": hits.sum(axis=1) / len(result.truth),
            "macro_precision": np.nanmean(precision * drawn, axis=1),
            "macro_recall": np.nanmean(hits / actual, axis=1),
            "macro_f1": np.nanmean(2 * hits / (actual + predicted) * drawn, axis=1),
        }


def _sums(classes: Ints, wanted: Ints, counts: Counts) -> Floats:
    """Return how often each wanted class was drawn, shape (samples, wanted)."""
    members = (classes[:, None] == wanted).astype(np.float32)
    drawn: Floats = (counts.T @ members).astype(np.float64)
    return drawn


def _macro_auc(result: Predictions, counts: Counts) -> Floats:
    numbers = np.array([1]) if len(result.labels) == 2 else result.present
    scores = np.stack(
        [_auc(result.truth == place, result.probabilities[:, place], counts) for place in numbers]
    )
    known = ~np.isnan(scores)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, scores, 0.0).sum(axis=0) / known.sum(axis=0)
    return mean


def _auc(actual: NDArray[np.bool_], score: Floats, counts: Counts) -> Floats:
    """Return the area under the ROC curve for each sample, shape (samples,).

    The Mann-Whitney form with mid-ranks, a row weighing as often as it was drawn:
    ``(sum of the positives' mid-ranks - positives**2 / 2) / (positives * negatives)``.
    """
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    below = np.zeros((len(score) + 1, counts.shape[1]), dtype=np.float32)
    np.cumsum(counts[order], axis=0, out=below[1:])
    places = np.flatnonzero(actual[order])
    # Equal scores share the middle of their ranks.
    first = np.searchsorted(ranked, ranked[places], side="left")
    last = np.searchsorted(ranked, ranked[places], side="right")
    weights = counts[order[places]].astype(np.float64)
    middle = (below[first].astype(np.float64) + below[last]) / 2
    positives = weights.sum(axis=0)
    negatives = len(score) - positives
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Floats = (weights * middle).sum(axis=0) - positives**2 / 2
        area /= positives * negatives
    return area
