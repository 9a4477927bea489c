"""Many small images in one figure, a caption under each.

Writes a PNG file. Reads nothing. Equal input gives equal bytes, as :mod:`assay.reporting.canvas`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.reporting import canvas

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

COLUMNS = 8
# Inches of one image with its caption; 150 pixels each.
WIDTH, HEIGHT = 1.15, 1.32
CAPTION = 6.0


def gallery(
    path: Path,
    images: Sequence[Pixels],
    captions: Sequence[str],
    title: str,
    fonts: Sequence[str] = (canvas.FONT,),
) -> None:
    """Draw images in rows of eight, a caption under each.

    Args:
        path: of the PNG.
        images: uint8 of shape (height, width, 1 or 3), of any sizes: each fills its own square.
        captions: one or two short lines for each image.
        title: shown above.
        fonts: that have the captions' letters.

    """
    rows = max(1, math.ceil(len(images) / COLUMNS))
    with canvas.canvas(path, (COLUMNS * WIDTH, rows * HEIGHT + 0.5), fonts) as figure:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=canvas.INK)
        places = np.ravel(figure.subplots(rows, COLUMNS, squeeze=False))
        for axes in places:
            axes.set_axis_off()
        for axes, image, caption in zip(places, images, captions, strict=False):
            shown = image.repeat(3, axis=2) if image.shape[2] == 1 else image
            # Small images are shown by their pixels, which is what the network saw.
            axes.imshow(shown, interpolation="nearest" if max(shown.shape) < 100 else "antialiased")
            axes.text(
                0.5, -0.04, caption, transform=axes.transAxes, ha="center", va="top",
                fontsize=CAPTION, color=canvas.INK, linespacing=1.15,
            )  # fmt: skip
