"""A table's images decoded, made one size, and kept on disk, so that epochs only look them up.

Reads a table. Writes one file below ``.assay/pixels/``, which this machine alone knows and which is
made again when it is gone. Memory holds a batch of images, never all of them. How an image gets its
size is the caller's: a task whose graph resizes does it as that graph does.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pyarrow import parquet

from assay.files import digest_of, remove, replacing, sha256
from assay.modalities.image import encoding
from assay.modalities.image.parallel import map_images
from assay.paths import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]
    # Pixels (height, width, channels) and a side to such of that side.
    Resize = Callable[[Pixels, int], Pixels]

FOLDER = SCRATCH / "pixels"


def of_table(table: Path, folder: Path, side: int, channels: int, resize: Resize) -> Pixels:
    """Return the table's images as uint8 (rows, side, side, channels), mapped from the disk.

    What is changed of them in memory never reaches the file.

    Args:
        table: with a column ``image``, of image files' bytes.
        folder: below :data:`FOLDER`; older pixels of a table of this name are removed from it.
        side: pixels of height and width.
        channels: 1 grey, 3 RGB.
        resize: a function of a module, which other processes can be told to call.

    """
    how = f"{side} {channels} {resize.__module__}"
    target = folder / f"{table.stem}-{digest_of(sha256(table), how)[:16]}.npy"
    if not target.is_file():
        for old in target.parent.glob(f"{table.stem}-*.npy"):
            remove(old)
        with replacing(target) as beside:
            _write(table, beside, side, channels, resize)
    found: Pixels = np.load(target, mmap_mode="c")
    return found


def squared(pixels: Pixels, side: int) -> Pixels:
    """Return uint8 (side, side, channels): squashed to a square, bilinear with antialiasing."""
    import PIL.Image

    if pixels.shape[:2] == (side, side):
        return pixels
    image = PIL.Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    found = np.asarray(image.resize((side, side), PIL.Image.Resampling.BILINEAR))
    return found.reshape(side, side, pixels.shape[2])


def _write(table: Path, target: Path, side: int, channels: int, resize: Resize) -> None:
    rows = parquet.read_metadata(table).num_rows
    header = {"descr": "|u1", "fortran_order": False, "shape": (rows, side, side, channels)}
    decoded = partial(_decoded, side=side, channels=channels, resize=resize)
    with target.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for found in map_images(table, decoded, "decoding"):
            stream.write(found)


def _decoded(content: bytes, side: int, channels: int, resize: Resize) -> bytes:
    return np.ascontiguousarray(resize(encoding.decode(content, channels), side)).tobytes()
