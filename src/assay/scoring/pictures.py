"""Pictures for people: confusion matrix, ROC, calibration, training curve.

Writes PNG files. Reads nothing. Equal input gives equal bytes: no date, no software version, no
window system. A label in a script that matplotlib's own font lacks is drawn in a font of this
machine; where none has its letters, the class's number stands there (``#3``), which the report's
table of classes explains.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from assay.scoring import curves, metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

    from assay.scoring.metrics import Floats, Ints, Outcome

INK, SOFT, FAINT = "#1f2933", "#7b8794", "#e4e7eb"
MODEL, OTHER = "#2b6cb0", "#c05621"
LINES = (MODEL, OTHER, "#2f855a", "#805ad5", "#b7791f", "#319795", "#97266d", "#4a5568")
RIGHT = mpl.colors.LinearSegmentedColormap.from_list("right", ["#f5f7fa", "#bcd4ec", "#2b5c97"])
WRONG = mpl.colors.LinearSegmentedColormap.from_list("wrong", ["#f5f7fa", "#f5cfb0", "#c05621"])
STYLE: dict[str, Any] = {
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.titlesize": 11,
    "figure.dpi": 150,
    "font.size": 9,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.color": SOFT,
    "ytick.labelcolor": INK,
}
FONT = "DejaVu Sans"  # comes with matplotlib, the same everywhere
# Tried in this order for letters that the font above lacks.
FOREIGN_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "Arial Unicode MS",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Noto Sans Arabic",
)
# More classes than this are no longer legible in one matrix.
MATRIX = 20
CURVES = len(LINES)
LONGEST = 22


def confusion(path: Path, result: Outcome, title: str) -> None:
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


def roc(path: Path, model: Outcome, baseline: Outcome, title: str) -> None:
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


def calibration(path: Path, model: Outcome, baseline: Outcome, title: str) -> None:
    """Draw how often the model is right at each confidence, and how many rows have it."""
    with canvas(path, (5.6, 5.4)) as figure:
        axes, below = figure.subplots(2, height_ratios=(4, 1), sharex=True)
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=(0, (2, 3)), zorder=1)
        for result, name, colour, size in (
            (baseline, "baseline", SOFT, 3),
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


def training(path: Path, curve: pd.DataFrame, title: str) -> None:
    """Draw the training curve: loss above, scores on the validation split below.

    Args:
        path: of the PNG.
        curve: columns ``step, loss, validation_loss, validation_macro_f1, validation_accuracy``;
            empty cells where nothing was measured.
        title: shown above.

    """
    with canvas(path, (6.4, 5.0)) as figure:
        axes, below = figure.subplots(2, sharex=True)
        for column, colour, name in (("loss", MODEL, "train"), ("validation_loss", OTHER, None)):
            _series(axes, curve, column, colour, name or "validation")
        axes.set(ylabel="loss", title=title)
        axes.set_ylim(bottom=0)
        for column, colour, name in (
            ("validation_accuracy", OTHER, "accuracy, validation"),
            ("validation_macro_f1", LINES[2], "macro F1, validation"),
        ):
            _series(below, curve, column, colour, name)
        below.set(ylabel="score", xlabel="step")
        below.set_xlim(left=0)
        below.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        for part in (axes, below):
            part.grid(visible=True)
            if part.has_data():
                part.legend(loc="best")


def most_confused(counts: Ints, most: int) -> Ints:
    """Return the classes with the most errors, as truth or as prediction, in label order."""
    errors = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    return np.sort(np.argsort(-errors, kind="stable")[:most])


def legible(labels: Sequence[str], longest: int = LONGEST) -> tuple[list[str], list[str]]:
    """Return the labels as they can be drawn here, and the fonts for it.

    A label is cut at ``longest`` letters; one whose letters no known font has becomes its number.
    """
    cut = [name if len(name) <= longest else name[: longest - 1] + "…" for name in labels]
    # A dollar sign would start a formula.
    cut = [" ".join(name.replace("$", r"\$").split()) for name in cut]
    needed = {letter for name in cut for letter in name if letter not in "\\ "}
    fonts, covered = [FONT], needed & _letters(FONT)
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    for name in FOREIGN_FONTS:
        if name in installed and (more := (needed - covered) & _letters(name)):
            fonts.append(name)
            covered |= more
    missing = needed - covered
    shown = [f"#{place}" if missing & set(name) else name for place, name in enumerate(cut, 1)]
    return shown, fonts


@contextmanager
def canvas(
    path: Path, size: tuple[float, float], fonts: Sequence[str] = (FONT,)
) -> Iterator[Figure]:
    """Yield a figure in Assay's style; save it when the block ends."""
    with mpl.rc_context():
        mpl.rcdefaults()
        for name, value in STYLE.items():
            mpl.rcParams[name] = value  # type: ignore[index]
        mpl.rcParams["font.family"] = list(fonts)
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        # matplotlib signs its pictures with its version; nothing else in them varies.
        figure.savefig(path, format="png", metadata={"Software": None}, bbox_inches="tight")


def _letters(font: str) -> set[str]:
    path = font_manager.findfont(font, fallback_to_default=False)
    return {chr(code) for code in font_manager.get_font(path).get_charmap()}


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


def _mean_curve(axes: Axes, result: Outcome, name: str, **line: Any) -> None:
    """Draw the mean of the classes' curves over a grid of false positive rates."""
    grid = np.linspace(0, 1, 501)
    numbers = [1] if len(result.labels) == 2 else list(result.present)
    found = [curve for number in numbers if (curve := curves.roc_of(result, int(number)))]
    if not found:
        return
    mean = np.mean([np.interp(grid, false, true) for false, true in found], axis=0)
    score = metrics.figures(result)["roc_auc"]
    axes.plot(np.r_[0, grid], np.r_[0, mean], label=f"{name}  {score:.3f}", zorder=3, **line)


def _series(axes: Axes, curve: pd.DataFrame, column: str, colour: str, name: str) -> None:
    """Draw a column where it was measured; a few points get marks."""
    if column not in curve or not (known := curve[["step", column]].dropna()).size:
        return
    marker = "o" if len(known) <= 25 else None
    axes.plot(
        known["step"], known[column], color=colour, label=name, linewidth=1.2, marker=marker,
        markersize=3.5,
    )  # fmt: skip
