from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assay.errors import UnreadableImage
from assay.gateways.sources.images import png
from assay.modalities.image.encoding import decode
from assay.modalities.image.transforms import TRANSFORMS

RANDOM = np.random.default_rng(0)
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def drawn(height: int, width: int, channels: int) -> Pixels:
    return RANDOM.integers(0, 256, (height, width, channels), dtype=np.uint8)


def changed(name: str, pixels: Pixels) -> Pixels:
    channels = pixels.shape[2]
    content = TRANSFORMS[name](png(pixels.squeeze(2) if channels == 1 else pixels))
    return decode(content, channels)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_mirrored_image_has_its_left_on_its_right(channels: int) -> None:
    pixels = drawn(5, 7, channels)
    np.testing.assert_array_equal(changed("mirrored", pixels), pixels[:, ::-1])


@pytest.mark.parametrize(("width", "by"), [(1, 1), (28, 1), (32, 1), (64, 2), (96, 3)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_shifted_image_moves_right_and_repeats_its_edge(
    channels: int, width: int, by: int
) -> None:
    pixels = drawn(5, width, channels)
    found = changed("shifted", pixels)
    np.testing.assert_array_equal(found[:, by:], pixels[:, :-by])
    np.testing.assert_array_equal(found[:, :by], np.repeat(pixels[:, :1], min(by, width), axis=1))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_darker_image_has_nine_tenths_of_its_brightness(channels: int) -> None:
    pixels = np.full((2, 2, channels), 0, dtype=np.uint8)
    pixels[0], pixels[1] = 255, 100
    found = changed("darker", pixels)
    assert set(found[0].ravel().tolist()) == {230}
    assert set(found[1].ravel().tolist()) == {90}


def test_an_image_is_changed_as_a_viewer_shows_it() -> None:
    """A camera's note turns the picture, and what is transparent is white."""
    turned = Image.fromarray(drawn(4, 6, 3))
    note = Image.Exif()
    note[0x0112] = 6
    stream = io.BytesIO()
    turned.save(stream, "PNG", exif=note)
    found = decode(TRANSFORMS["mirrored"](stream.getvalue()), 3)
    np.testing.assert_array_equal(found, decode(stream.getvalue(), 3)[:, ::-1])
    assert found.shape == (6, 4, 3)
    clear = png(np.zeros((2, 2, 4), dtype=np.uint8))
    assert decode(TRANSFORMS["mirrored"](clear), 3).min() == 255


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "LA"])
def test_every_mode_that_is_read_is_changed(name: str, mode: str) -> None:
    stream = io.BytesIO()
    image = Image.fromarray(drawn(8, 8, 3)).convert(mode)
    image.save(stream, "JPEG" if mode == "CMYK" else "PNG")
    found = decode(TRANSFORMS[name](stream.getvalue()), 3)
    assert found.shape == (8, 8, 3)
    assert (found != decode(stream.getvalue(), 3)).any()


@pytest.mark.parametrize("name", TRANSFORMS)
def test_equal_images_give_equal_bytes(name: str) -> None:
    content = png(drawn(8, 8, 3))
    assert TRANSFORMS[name](content) == TRANSFORMS[name](content)


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("content", [b"", b"no image", png(drawn(9, 9, 3))[:-30]])
def test_what_is_no_image_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(UnreadableImage):
        TRANSFORMS[name](content)
