from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assay.errors import UnreadableImage
from assay.gateways.sources.images import png
from assay.modalities.image import encoding
from assay.modalities.image.encoding import ImageDecoder, decode, dimensions

RANDOM = np.random.default_rng(0)


def drawn(height: int, width: int, channels: int = 3) -> np.ndarray[Any, Any]:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return RANDOM.integers(0, 256, shape, dtype=np.uint8)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("channels", [1, 3])
def test_png_comes_back_pixel_by_pixel(channels: int) -> None:
    pixels = drawn(7, 11, channels)
    found = decode(png(pixels), channels)
    assert found.dtype == np.uint8
    assert found.shape == (7, 11, channels)
    np.testing.assert_array_equal(found.squeeze(), pixels)


def test_the_same_pixels_are_encoded_to_the_same_bytes() -> None:
    assert png(np.zeros((28, 28), np.uint8)) == png(np.zeros((28, 28), np.uint8))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_every_format_is_read(kind: str) -> None:
    grey = np.full((9, 12, 3), 100, np.uint8)
    found = decode(saved(Image.fromarray(grey), kind), 3)
    assert found.shape == (9, 12, 3)
    assert np.abs(found.astype(int) - 100).max() <= 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode_becomes_grey_or_rgb(mode: str, channels: int) -> None:
    image = Image.fromarray(np.full((8, 8, 3), 255, np.uint8)).convert(mode)
    found = decode(saved(image, "JPEG" if mode == "CMYK" else "PNG"), channels)
    assert found.shape == (8, 8, channels)
    assert found.min() >= 250


def test_what_is_transparent_shows_white() -> None:
    clear = Image.fromarray(np.zeros((8, 8, 4), np.uint8))
    assert (decode(saved(clear), 3) == 255).all()
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 9, 9, 9])
    assert (decode(saved(palette, transparency=1), 1) == 255).all()


def test_a_turned_photograph_stands_upright() -> None:
    exif = Image.Exif()
    exif[encoding.ORIENTATION] = 6  # the camera was turned by a quarter
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8] = 255
    content = saved(Image.fromarray(pixels), "PNG", exif=exif)
    assert dimensions(content) == (16, 8)
    found = decode(content, 1)
    assert found.shape == (16, 8, 1)
    assert found[:8].min() == 255
    assert found[8:].max() == 0


def test_more_than_eight_bits_are_refused_rather_than_clipped() -> None:
    deep = Image.fromarray(np.full((8, 8), 40_000, np.uint16))
    with pytest.raises(UnreadableImage, match="more than eight bits a channel"):
        decode(saved(deep), 1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_an_image_is_refused(kind: str) -> None:
    content = saved(Image.fromarray(drawn(64, 64)), kind)
    with pytest.raises(UnreadableImage, match="not a whole image"):
        decode(content[: len(content) // 2], 3)


@pytest.mark.parametrize(
    "content", [b"", b"no image", b"\x89PNG\r\n\x1a\n", b"II*\x00" + b"\0" * 99]
)
def test_what_is_no_image_is_refused_in_the_same_words_each_time(content: bytes) -> None:
    words = set()
    for _ in range(2):
        with pytest.raises(UnreadableImage) as refused:
            decode(content, 3)
        words.add(str(refused.value))
    (said,) = words
    assert "0x" not in said, "an address in memory varies"
    assert refused.value.cure


def test_a_gigantic_picture_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MOST_PIXELS", 99)
    with pytest.raises(UnreadableImage, match="10 x 10 pixels are too many"):
        dimensions(png(drawn(10, 10)))


def test_a_torn_png_is_refused_whatever_is_asked_of_it() -> None:
    torn = png(drawn(40, 40))[:-40]
    for ask in (dimensions, encoding.loaded):
        with pytest.raises(UnreadableImage, match="not a whole image"):
            ask(torn)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("given", [1, 3])
def test_pixels_that_were_decoded_already_are_taken_as_their_file_is(
    given: int, channels: int
) -> None:
    pixels = [drawn(*size, channels=given) for size in ((8, 6), (4, 4), (8, 6))]
    files = ImageDecoder(channels)([png(one) for one in pixels])
    decoded = ImageDecoder(channels)([one.reshape(*one.shape[:2], given) for one in pixels])
    assert decoded.sizes == files.sizes
    for (rows, feeds), (others, expected) in zip(decoded.batches(2), files.batches(2), strict=True):
        assert rows == others
        np.testing.assert_array_equal(feeds["pixels"], expected["pixels"])


def test_batches_hold_images_of_one_size_and_every_row_once() -> None:
    sizes = [(8, 8), (4, 6), (8, 8), (6, 4), (8, 8), (4, 6)]
    contents = [png(drawn(*size, channels=3)) for size in sizes]
    batches = list(ImageDecoder(3)(contents).batches(2))
    assert [rows for rows, _ in batches] == [[1, 5], [3], [0, 2], [4]]
    for rows, feeds in batches:
        assert feeds["pixels"].dtype == np.uint8
        for row, pixels in zip(rows, feeds["pixels"], strict=True):
            np.testing.assert_array_equal(pixels, decode(contents[row], 3))


def test_a_batch_of_large_images_is_a_small_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "BATCH_PIXELS", 3 * 100)
    contents = [png(drawn(10, 10)) for _ in range(7)]
    assert [len(rows) for rows, _ in ImageDecoder(1)(contents).batches(32)] == [3, 3, 1]
    monkeypatch.setattr(encoding, "BATCH_PIXELS", 10)
    assert [len(rows) for rows, _ in ImageDecoder(1)(contents).batches(32)] == [1] * 7


def test_no_image_makes_no_batch() -> None:
    assert list(ImageDecoder(3)([]).batches(8)) == []
