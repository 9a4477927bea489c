"""Plots of a classifier for people: confusion matrix, ROC, calibration.

Writes PNG files. Reads nothing. Equal input gives equal bytes, as :mod:`assay.reporting.canvas`.
Where no font has a label's letters the class's number stands there (``#3``), which the report's
table of classes explains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.ticker import MaxNLocator

from assay.objectives.classification import curves, metrics
from assay.reporting.canvas import FAINT, INK, LINES, MODEL, SOFT, canvas, legible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from assay.objectives.classification.metrics import Floats, Ints, Predictions

RIGHT = mpl.colors.LinearSegmentedColormap.from_list("right", ["#f5f7fa", "#bcd4ec", "#2b5c97"])
WRONG = mpl.colors.LinearSegmentedColormap.from_list("wrong", ["#f5f7fa", "#f5cfb0", "#c05621"])
# More classes than this are no longer legible in one matrix.
MATRIX = 20
CURVES = len(LINES)
BEFORE = "#9dbbe0"


def confusion(path: Path, result: Predictions, title: str) -> None:
    """Draw the confusion matrix: shares of a class's rows as colour, right in blue, wrong in red.

    Of more than twenty classes the twenty that are confused most, and a column for the others.
    """
    counts = metrics.confusion(result)
    chosen = most_confused(counts, MATRIX)
    shown = counts[np.ix_(chosen, chosen)]
    totals = counts.sum(axis=1)[chosen]
    names, fonts = legible(result.labels)
    columns = [names[number] for number in chosen]
    if len(chosen) < len(counts):
        title = f"{title}, the {len(chosen)} most confused of {len(counts)} classes"
        shown = np.column_stack([shown, totals - shown.sum(axis=1)])
        columns.append("all others")
    side = max(4.2, 1.6 + 0.48 * len(columns))
    with canvas(path, (side + 0.9, side), fonts) as figure:
        axes = figure.add_subplot()
        shares = shown / np.maximum(totals, 1)[:, None]
        _tiles(axes, shares)
        rows = [f"{names[number]}  ({totals[place]:,})" for place, number in enumerate(chosen)]
        axes.set_xticks(range(len(columns)), columns, **_slant(columns))
        axes.set_yticks(range(len(rows)), rows)
        axes.spines[:].set_visible(False)
        axes.set(xlabel="predicted", ylabel="actual (rows)", title=title)
        _annotate(axes, shown, shares)


def roc(path: Path, model: Predictions, baseline: Predictions, title: str) -> None:
    """Draw each class against the rest; of many classes their mean and the hardest ones."""
    names, fonts = legible(model.labels)
    scored = [
        (part["roc_auc"], number)
        for number, part in enumerate(metrics.by_class(model))
        if part["roc_auc"] is not None and (len(model.labels) > 2 or number == 1)
    ]
    many = len(scored) > CURVES
    drawn = sorted(scored)[: CURVES - 3] if many else scored
    with canvas(path, (5.6, 5.0), fonts) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, zorder=1)
        for _, number in scored if many else ():
            axes.plot(*(curves.roc_of(model, number) or ()), color=FAINT, linewidth=0.6, zorder=1)
        for (score, number), colour in zip(drawn, LINES[many:], strict=False):
            label = f"{names[number]}  {score:.3f}"
            rates = curves.roc_of(model, number) or ()
            axes.plot(*rates, color=colour, linewidth=1.2, label=label, zorder=2)
        if many:
            _mean_curve(axes, model, "mean of all classes", color=MODEL, linewidth=2.2)
        name = "baseline" if len(scored) == 1 else "baseline, mean of all classes"
        _mean_curve(axes, baseline, name, color=SOFT, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.set(
            xlim=(-0.01, 1), ylim=(0, 1.01), aspect="equal", title=title,
            xlabel="false positive rate", ylabel="true positive rate",
        )  # fmt: skip
        if scored:
            heading = "class, and area under its curve" if not many else "hardest classes, area"
            axes.legend(loc="lower right", title=heading, title_fontsize=8, alignment="left")


def calibration(
    path: Path,
    model: Predictions,
    baseline: Predictions,
    title: str,
    unscaled: Predictions | None = None,
) -> None:
    """Draw how often the model is right at each confidence, and how many rows have it.

    ``unscaled`` is the model before its logits were divided by a temperature, where they were.
    """
    beside = [(unscaled, "model, not scaled", BEFORE, 3)] if unscaled else []
    with canvas(path, (5.6, 5.4)) as figure:
        axes, below = figure.subplots(2, height_ratios=(4, 1), sharex=True)
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=(0, (2, 3)), zorder=1)
        for result, name, colour, size in (
            (baseline, "baseline", SOFT, 3),
            *beside,
            (model, "model", MODEL, 5),
        ):
            bins = metrics.calibration(result)
            error = metrics.calibration_error(result)
            axes.plot(
                [part.confidence for part in bins],
                [part.accuracy for part in bins],
                marker="o", markersize=size, linewidth=1.2, color=colour,
                label=f"{name}, expected error {error:.3f}",
            )  # fmt: skip
        axes.set(ylim=(0, 1.02), ylabel="share that is right", title=title)
        axes.grid(visible=True)
        axes.legend(loc="best", reverse=True)
        places = metrics.confidence_bins(model.confidence)
        heights = np.bincount(places, minlength=metrics.CALIBRATION_BINS)
        width = 1 / metrics.CALIBRATION_BINS
        middles = (np.arange(metrics.CALIBRATION_BINS) + 0.5) * width
        below.bar(middles, heights, width=width * 0.9, color=MODEL, alpha=0.35)
        below.set(xlim=(0, 1), xlabel="confidence of the predicted class", ylabel="rows")
        below.yaxis.set_major_locator(MaxNLocator(2, integer=True))


def most_confused(counts: Ints, most: int) -> Ints:
    """Return the classes with the most errors, as truth or as prediction, in label order."""
    errors = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    return np.sort(np.argsort(-errors, kind="stable")[:most])


def _slant(names: Sequence[str]) -> dict[str, Any]:
    """Long names, or many, don't fit side by side."""
    if max(map(len, names)) <= 10 and len(names) <= 6:
        return {}
    return {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}


def _tiles(axes: Axes, shares: Floats) -> None:
    """Colour the diagonal and the rest on scales of their own: 10 % wrong must be seen."""
    right = np.eye(*shares.shape) == 1
    # What is NaN stays transparent.
    axes.imshow(np.where(right, shares, np.nan), cmap=RIGHT, vmin=0, vmax=1, aspect="equal")
    axes.imshow(np.where(right, np.nan, shares), cmap=WRONG, vmin=0, vmax=0.4, aspect="equal")
    axes.set_xticks(np.arange(shares.shape[1] + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(shares.shape[0] + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)


def _annotate(axes: Axes, counts: Ints, shares: Floats) -> None:
    """Write each cell's count, and its share where there is room."""
    roomy = len(counts) <= 6
    for (row, column), count in np.ndenumerate(counts):
        if not count and not roomy:
            continue
        text = f"{shares[row, column]:.0%}\n{count:,}" if roomy else f"{count:,}"
        dark = shares[row, column] > (0.7 if row == column else 0.3)
        size = 9 if roomy else 7.5
        axes.text(
            column, row, text, ha="center", va="center", color="white" if dark else INK,
            fontsize=size,
        )  # fmt: skip


def _mean_curve(axes: Axes, result: Predictions, name: str, **line: Any) -> None:
    """Draw the mean of the classes' curves over a grid of false positive rates."""
    grid = np.linspace(0, 1, 501)
    numbers = [1] if len(result.labels) == 2 else list(result.present)
    found = [curve for number in numbers if (curve := curves.roc_of(result, int(number)))]
    if not found:
        return
    mean = np.mean([np.interp(grid, false, true) for false, true in found], axis=0)
    score = metrics.figures(result)["roc_auc"]
    axes.plot(np.r_[0, grid], np.r_[0, mean], label=f"{name}  {score:.3f}", zorder=3, **line)
