"""A split's images decoded, resized and kept on disk as pixels, so that epochs only look them up.

Reads a split's table. Writes one file below ``.assay/pixels/``, which this machine alone knows and
which is made again when it is gone. Memory holds a batch of images, never all of them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from pyarrow import parquet
from torch.nn import functional

from assay.files import digest_of, remove, replacing, sha256
from assay.modalities.image import encoding
from assay.modalities.image.parallel import map_images
from assay.paths import SCRATCH, ModelPaths

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.image_classification.settings import ImageTrain

FOLDER = SCRATCH / "pixels"


def of_split(files: ModelPaths, name: str, settings: ImageTrain) -> torch.Tensor:
    """Return the split's images as uint8 (rows, size, size, channels), mapped from the disk."""
    table = files.split(name)
    digest = digest_of(sha256(table), f"{settings.size} {settings.channels}")
    target = FOLDER / files.model / f"{name}-{digest[:16]}.npy"
    if not target.is_file():
        for old in target.parent.glob(f"{name}-*.npy"):
            remove(old)
        with replacing(target) as beside:
            _write(table, beside, settings.size, settings.channels)
    # Copy on write: what a tensor of this memory might change never reaches the file.
    return torch.from_numpy(np.load(target, mmap_mode="c"))


def resized(pixels: torch.Tensor, size: int) -> torch.Tensor:
    """Return float32 (batch, channels, size, size), 0 to 255, of (batch, height, width, channels).

    Squashed to a square by bilinear interpolation with antialiasing: what the exported graph does.
    """
    found = pixels.permute(0, 3, 1, 2).float()
    if tuple(found.shape[2:]) == (size, size):
        return found
    return functional.interpolate(
        found, (size, size), mode="bilinear", antialias=True, align_corners=False
    )


def _write(table: Path, target: Path, size: int, channels: int) -> None:
    rows = parquet.read_metadata(table).num_rows
    header = {"descr": "|u1", "fortran_order": False, "shape": (rows, size, size, channels)}
    with target.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for found in map_images(table, partial(_decoded, size=size, channels=channels), "decoding"):
            stream.write(found)


def _decoded(content: bytes, size: int, channels: int) -> bytes:
    pixels = torch.from_numpy(encoding.decode(content, channels).copy())
    found = resized(pixels[None], size).round().clamp(0, 255).to(torch.uint8)
    return found[0].permute(1, 2, 0).contiguous().numpy().tobytes()
