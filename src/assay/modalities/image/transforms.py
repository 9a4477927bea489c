"""Changes of an image that leave its class alone, by the names that users write in YAML.

Reads and writes nothing: bytes of an image file in, bytes of a PNG file out. Needs Pillow and
numpy, never torch. Which of them a class survives is the user's to say: a mirrored ``b`` is a
``d``.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.modalities.image import encoding

if TYPE_CHECKING:
    from collections.abc import Callable

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

# Of an image's width: one pixel of the small images of 28 and 32 pixels.
SHIFT = 1 / 32
DARKER = 0.9
GREY = ("1", "L")


def mirrored(content: bytes) -> bytes:
    """Return an image whose left is its right.

    Raises:
        UnreadableImage: not an image, truncated, or of more than eight bits a channel.

    """
    return _png(_pixels(content)[:, ::-1])


def shifted(content: bytes) -> bytes:
    """Return an image moved to the right by 1/32 of its width, one pixel at least.

    The pixels of its left edge are repeated in what comes free.

    Raises:
        UnreadableImage: as :func:`mirrored`.

    """
    pixels = _pixels(content)
    width = pixels.shape[1]
    return _png(pixels[:, np.maximum(np.arange(width) - max(1, round(width * SHIFT)), 0)])


def darker(content: bytes) -> bytes:
    """Return an image with nine tenths of its brightness.

    Raises:
        UnreadableImage: as :func:`mirrored`.

    """
    return _png(np.rint(_pixels(content) * DARKER).astype(np.uint8))


def _pixels(content: bytes) -> Pixels:
    """Return uint8 pixels as a viewer shows them: (height, width), or (height, width, 3)."""
    image = encoding.shown(encoding.loaded(content))
    return np.asarray(image.convert("L" if image.mode in GREY else "RGB"))


def _png(pixels: Pixels) -> bytes:
    import PIL.Image

    stream = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(pixels)).save(stream, format="PNG")
    return stream.getvalue()


TRANSFORMS: dict[str, Callable[[bytes], bytes]] = {
    "mirrored": mirrored,
    "shifted": shifted,
    "darker": darker,
}
