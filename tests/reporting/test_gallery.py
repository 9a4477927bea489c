from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from assay.reporting.gallery import gallery

if TYPE_CHECKING:
    from pathlib import Path

CAPTIONS = ("T-shirt/top\n→ Shirt", "a very long name of a class", r"\$x\$")


def images(count: int) -> list[np.ndarray]:
    """Grey and coloured ones of many sizes."""
    random = np.random.default_rng(0)
    shapes = [(8 + row, 20 - row % 9, 1 + 2 * (row % 2)) for row in range(count)]
    return [random.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def drawn(path: Path, count: int) -> bytes:
    captions = [CAPTIONS[row % 3] for row in range(count)]
    gallery(path, images(count), captions, f"{count} errors")
    return path.read_bytes()


def test_equal_images_give_equal_bytes(tmp_path: Path) -> None:
    assert drawn(tmp_path / "one.png", 11) == drawn(tmp_path / "two.png", 11)


@pytest.mark.parametrize("count", [1, 8, 64])
def test_the_picture_grows_by_rows_of_eight(tmp_path: Path, count: int) -> None:
    width, height = struct.unpack(">II", drawn(tmp_path / "all.png", count)[16:24])
    assert 1000 < width < 1600
    assert 100 < height / -(-count // 8) < 350


def test_each_image_is_seen(tmp_path: Path) -> None:
    """Colours that no letter has are in the picture, one an image."""
    colours = [(255, 0, 0), (0, 200, 0), (0, 0, 255)]
    squares = [np.full((4, 4, 3), colour, dtype=np.uint8) for colour in colours]
    gallery(tmp_path / "all.png", squares, CAPTIONS, "three")
    seen = Image.open(io.BytesIO((tmp_path / "all.png").read_bytes())).convert("RGB")
    found = {colour for _, colour in seen.getcolors(2**20) or ()}
    assert set(colours) <= found
