"""The plot of a training: loss, and the metrics of the validation split.

Writes a PNG file. Reads nothing. Equal input gives equal bytes, as :mod:`assay.reporting.canvas`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from assay.reporting.canvas import LINES, MODEL, OTHER, canvas

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

PREFIX, LOSS = "validation_", "validation_loss"


def draw(path: Path, curve: pd.DataFrame, title: str) -> None:
    """Draw the training curve: loss above, scores on the validation split below.

    Args:
        path: of the PNG.
        curve: columns ``step``, ``loss``, ``validation_loss`` and other ``validation_<metric>``;
            empty cells where nothing was measured.
        title: shown above.

    """
    with canvas(path, (6.4, 5.0)) as figure:
        axes, below = figure.subplots(2, sharex=True)
        for column, colour, name in (("loss", MODEL, "train"), (LOSS, OTHER, None)):
            _series(axes, curve, column, colour, name or "validation")
        axes.set(ylabel="loss", title=title)
        axes.set_ylim(bottom=0)
        scores = [name for name in map(str, curve) if name.startswith(PREFIX) and name != LOSS]
        for column, colour in zip(scores, LINES[1:], strict=False):
            name = column.removeprefix(PREFIX).replace("_", " ")
            _series(below, curve, column, colour, f"{name}, validation")
        below.set(ylabel="score", xlabel="step")
        below.set_xlim(left=0)
        below.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        for part in (axes, below):
            part.grid(visible=True)
            if part.has_data():
                part.legend(loc="best")


def _series(axes: Axes, curve: pd.DataFrame, column: str, colour: str, name: str) -> None:
    """Draw a column where it was measured; a few points get marks."""
    if column not in curve or not (known := curve[["step", column]].dropna()).size:
        return
    marker = "o" if len(known) <= 25 else None
    axes.plot(
        known["step"], known[column], color=colour, label=name, linewidth=1.2, marker=marker,
        markersize=3.5,
    )  # fmt: skip
