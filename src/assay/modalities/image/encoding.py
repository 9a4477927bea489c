"""Images as pixels: encoded bytes in, uint8 arrays out, batched by their size.

Reads and writes nothing: bytes come from a table, a file or a request. Needs Pillow and numpy,
never torch. Nothing is resized here: the graph does that, by the algorithm of the training.
"""

from __future__ import annotations

import io
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from PIL.Image import Image

    from assay.bundle.manifest import Manifest

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    # The bytes of a file, or pixels (height, width, channels) that were decoded already.
    Content = bytes | Pixels

# Few readers for few formats: what Pillow could open beside these is seldom a photograph.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
# Modes of eight bits a channel or fewer. Others (16 bits, floats) would be clipped to white.
MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr")
TRANSPARENT = ("LA", "La", "PA", "RGBA", "RGBa")
# A small file may claim to be a gigantic picture: no more than this is ever unpacked at once.
MOST_PIXELS = 2**26
# Of one batch: 32 photographs of 12 megapixels would take a gigabyte.
BATCH_PIXELS = 2**24
THREADS = 8
# Smaller pictures than this are decoded sooner than a thread is told to.
THREADED_PIXELS = 160**2
ORIENTATION, SIDEWAYS = 0x0112, (5, 6, 7, 8)


def opened(content: bytes) -> Image:
    """Return an image whose header was read, and whose pixels were not.

    Raises:
        UnreadableImage: not an image of a known format, or too large.

    """
    import PIL.Image

    try:
        image = PIL.Image.open(io.BytesIO(content), formats=FORMATS)
    except Exception as problem:  # Pillow's readers raise what they like on torn bytes
        raise _unreadable(_why(content, problem)) from problem
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _unreadable(f"{width:,} x {height:,} pixels are too many")
    return image


def dimensions(content: bytes) -> tuple[int, int]:
    """Return (height, width) as a viewer shows the image.

    From its header, but of a PNG, whose note on how it is turned may stand behind its pixels.

    Raises:
        UnreadableImage: as :func:`opened`; a PNG also where its pixels are torn.

    """
    image = opened(content)
    try:
        return _upright(image)
    except Exception as problem:  # as above: the pixels of a PNG are read too
        raise _unreadable(_why(content, problem)) from problem


def decode(content: bytes, channels: int) -> Pixels:
    """Return uint8 pixels (height, width, channels): turned upright, 1 channel grey, 3 RGB.

    What is transparent shows white.

    Raises:
        UnreadableImage: as :func:`loaded`.

    """
    return _converted(shown(loaded(content)), channels)


def with_channels(pixels: Pixels, channels: int) -> Pixels:
    """Return pixels (height, width, 1 or 3) with so many channels, as :func:`decode` makes them."""
    import PIL.Image

    if pixels.shape[2] == channels:
        return pixels
    plain = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    return _converted(PIL.Image.fromarray(plain), channels)


def loaded(content: bytes) -> Image:
    """Return an image with its pixels, in the mode of its file.

    Raises:
        UnreadableImage: not an image, truncated, or of more than eight bits a channel.

    """
    image = opened(content)
    if image.mode not in MODES:
        raise _unreadable(f"its mode is {image.mode}: more than eight bits a channel")
    try:
        image.load()
    except Exception as problem:
        raise _unreadable(_why(content, problem)) from problem
    return image


def shown(image: Image) -> Image:
    """Return an image as a viewer shows it: turned by its EXIF note, on white."""
    from PIL import ImageOps

    return _flat(ImageOps.exif_transpose(image))


def thumbnail(grey: Image, side: int) -> Pixels:
    """Return uint8 pixels (side, side) of a grey image, each the mean of its field."""
    import PIL.Image

    return np.asarray(grey.resize((side, side), PIL.Image.Resampling.BOX))


class EncodedImages:
    """Images and their sizes; decoded batch by batch, so that memory stays bounded."""

    truncated = 0

    def __init__(self, contents: Sequence[Content], channels: int) -> None:
        self._contents, self._channels = contents, channels
        self.sizes = [
            dimensions(content) if isinstance(content, bytes) else content.shape[:2]
            for content in contents
        ]

    @property
    def unknown(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Zeros, float64 of shape (images,): there is no pixel that a model does not know."""
        return np.zeros(len(self.sizes))

    def batches(self, size: int) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Yield (rows, feeds) by image size, rows in their order, all images of a batch alike.

        Feeds are ``pixels``, uint8 of shape (batch, height, width, channels). A batch of large
        images is smaller than ``size``.
        """
        alike: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for row, shape in enumerate(self.sizes):
            alike[shape].append(row)
        with ThreadPoolExecutor(THREADS) as pool:
            for (height, width), rows in sorted(alike.items()):
                step = max(1, min(size, BATCH_PIXELS // (height * width)))
                decode_all = pool.map if height * width >= THREADED_PIXELS else map
                for start in range(0, len(rows), step):
                    taken = rows[start : start + step]
                    yield taken, {"pixels": np.stack(list(decode_all(self._decoded, taken)))}

    def _decoded(self, row: int) -> Pixels:
        content = self._contents[row]
        if isinstance(content, bytes):
            return decode(content, self._channels)
        return with_channels(content, self._channels)


class ImageDecoder:
    """Bytes of image files, or their pixels, to pixels of so many channels."""

    def __init__(self, channels: int) -> None:
        self.channels = channels

    def __call__(self, inputs: Sequence[Content]) -> EncodedImages:
        """Look at the headers; the pixels are decoded batch by batch.

        Raises:
            UnreadableImage: one of them is no image.

        """
        return EncodedImages(inputs, self.channels)


def of_bundle(_folder: Path, manifest: Manifest) -> ImageDecoder:
    """Return the encoder of a bundle: its graph does all but the decoding."""
    return ImageDecoder(manifest.number("channels"))


def _converted(image: Image, channels: int) -> Pixels:
    pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*pixels.shape[:2], channels)


def _flat(image: Image) -> Image:
    """Return an image without transparency, on white."""
    import PIL.Image

    if image.mode not in TRANSPARENT and "transparency" not in image.info:
        return image
    colours = image.convert("RGBA")
    ground = PIL.Image.new("RGBA", colours.size, "white")
    return PIL.Image.alpha_composite(ground, colours)


def _upright(image: Image) -> tuple[int, int]:
    width, height = image.size
    return (width, height) if image.getexif().get(ORIENTATION) in SIDEWAYS else (height, width)


def _why(content: bytes, problem: Exception) -> str:
    if not content:
        return "it is empty"
    # Pillow names the object in memory, whose address varies from run to run.
    return str(problem).partition("<_io")[0].strip() or type(problem).__name__


def _unreadable(why: str) -> UnreadableImage:
    return UnreadableImage(
        f"not a whole image: {why}",
        expected=f"{', '.join(FORMATS)}, eight bits a channel, {MOST_PIXELS:,} pixels at most",
        cure="open it in a viewer; save it anew as PNG or JPEG, or take it away",
    )
