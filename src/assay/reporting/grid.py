"""Images side by side as one image of their own pixels, for samples that need no caption.

Writes a PNG file. Reads nothing. Equal input gives equal bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assay.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

GAP, WHITE = 2, 255


def grid(images: Pixels, columns: int, scale: int = 1) -> Pixels:
    """Return images in rows, a white gap between them; the last row may have empty places.

    Args:
        images: uint8, shape (images, height, width, 1 or 3), one or more.
        columns: images in a row.
        scale: whole number of pixels that a pixel's side becomes.

    Returns:
        uint8, shape (height, width, 1 or 3) of the whole.

    Raises:
        ValueError: another shape or type, no image, or columns or scale below 1.

    """
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] not in (1, 3):
        raise ValueError(
            f"images of shape {images.shape} and type {images.dtype}; expected uint8 of shape "
            "(images, height, width, 1 or 3)"
        )
    if min(len(images), columns, scale) < 1:
        raise ValueError(
            f"{len(images)} images, {columns} columns, scale {scale}; expected 1 or more of each"
        )
    images = images.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    cells = np.full((rows * columns, height + GAP, width + GAP, channels), WHITE, dtype=np.uint8)
    cells[:count, :height, :width] = images
    cells = cells.reshape(rows, columns, height + GAP, width + GAP, channels)
    whole = cells.swapaxes(1, 2).reshape(rows * (height + GAP), columns * (width + GAP), channels)
    return whole[:-GAP, :-GAP]


def write(path: Path, image: Pixels) -> None:
    """Write uint8 pixels (height, width, 1 or 3) as a PNG file, whole or not at all."""
    import PIL.Image

    pixels = image[:, :, 0] if image.shape[2] == 1 else image
    with replacing(path) as beside:
        PIL.Image.fromarray(np.ascontiguousarray(pixels)).save(beside, format="PNG")
