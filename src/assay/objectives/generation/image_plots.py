"""The plot of an image generator: how near its images are to its train images.

Writes PNG files. Reads nothing. Equal input gives equal bytes, as :mod:`assay.reporting.canvas`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.reporting.canvas import MODEL, OTHER, canvas

if TYPE_CHECKING:
    from pathlib import Path

    from assay.objectives.generation.intervals import Floats

# Points of a curve.
POINTS = 101


def distances(generated: Floats, held_out: Floats) -> pd.DataFrame:
    """Return ``plot, series, x, y``: of each kind, the share of images within distance x.

    Args:
        generated: distances to the nearest train image, shape (images,).
        held_out: the same of test images.

    """
    share = np.linspace(0, 1, POINTS)
    parts = [
        pd.DataFrame({"plot": "distance", "series": kind, "x": np.quantile(own, share), "y": share})
        for kind, own in (("generated", generated), ("held out", held_out))
    ]
    return pd.concat(parts, ignore_index=True)


def nearest(path: Path, table: pd.DataFrame, title: str) -> None:
    """Draw what :func:`distances` returns."""
    with canvas(path, (6.4, 3.6)) as figure:
        axes = figure.add_subplot()
        for kind, colour in (("generated", MODEL), ("held out", OTHER)):
            own = table[table["series"] == kind]
            axes.plot(own["x"], own["y"], color=colour, label=kind)
        axes.set(xlabel="distance of the nearest train image", ylabel="share of images")
        axes.set_title(title)
        axes.set_ylim(0, 1.02)
        axes.grid(axis="y")
        axes.legend()
