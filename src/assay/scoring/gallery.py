"""Many small images as one picture, a line of words under each.

Writes a PNG file. Reads nothing. Equal input gives equal bytes, as :mod:`assay.scoring.pictures`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.scoring import pictures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

COLUMNS = 8
# Inches of one image with its caption; 150 pixels each.
WIDTH, HEIGHT = 1.15, 1.32
CAPTION, LONGEST = 6.0, 11


def gallery(
    path: Path,
    images: Sequence[Pixels],
    classes: Sequence[tuple[int, int]],
    labels: Sequence[str],
    title: str,
) -> None:
    """Draw images in rows of eight, under each its class and the one it was taken for.

    Args:
        path: of the PNG.
        images: uint8 of shape (height, width, 1 or 3), of any sizes: each fills its own square.
        classes: numbers of the actual and the predicted class of each image.
        labels: the classes' names.
        title: shown above.

    """
    names, fonts = pictures.legible(labels, LONGEST)
    rows = max(1, math.ceil(len(images) / COLUMNS))
    with pictures.canvas(path, (COLUMNS * WIDTH, rows * HEIGHT + 0.5), fonts) as figure:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=pictures.INK)
        places = np.ravel(figure.subplots(rows, COLUMNS, squeeze=False))
        for axes in places:
            axes.set_axis_off()
        for axes, image, (actual, predicted) in zip(places, images, classes, strict=False):
            shown = image.repeat(3, axis=2) if image.shape[2] == 1 else image
            # Small images are shown by their pixels, which is what the network saw.
            axes.imshow(shown, interpolation="nearest" if max(shown.shape) < 100 else "antialiased")
            words = f"{names[actual]}\n→ {names[predicted]}"
            axes.text(
                0.5, -0.04, words, transform=axes.transAxes, ha="center", va="top",
                fontsize=CAPTION, color=pictures.INK, linespacing=1.15,
            )  # fmt: skip
