from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assay.modalities.image import encoding
from assay.serving.contents.images import Images
from assay.serving.protocol.limits import DEFAULT, Limits
from assay.serving.protocol.request import parse
from assay.serving.refusals import BadRequest, TooLarge
from tests.serving import triton

RANDOM = np.random.default_rng(0)
COLOUR = RANDOM.integers(0, 256, (5, 7, 3), dtype=np.uint8)
GREY = RANDOM.integers(0, 256, (5, 7), dtype=np.uint8)


def file_of(pixels: np.ndarray[Any, Any], kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def bomb(side: int) -> bytes:
    """Return a PNG of some kilobytes that claims ``side`` times ``side`` pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(bytes(2**20), 9))
    return b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b"")


def test_the_client_sends_files() -> None:
    files = [file_of(COLOUR), file_of(GREY), file_of(COLOUR, "JPEG")]
    found = Images(3).of_tensors(triton.asked({"image": triton.texts(*files)}), DEFAULT)
    for content, pixels in zip(files, found, strict=True):
        np.testing.assert_array_equal(pixels, encoding.decode(content, 3))


def test_files_in_json_are_base64() -> None:
    files = [file_of(COLOUR), file_of(GREY)]
    packed = [base64.b64encode(one).decode() for one in files]
    request = triton.asked({"image": triton.texts(*packed)}, binary=False)
    for found in (Images(1).of_tensors(request, DEFAULT), Images(1).of_json(packed, DEFAULT)):
        for content, pixels in zip(files, found, strict=True):
            np.testing.assert_array_equal(pixels, encoding.decode(content, 1))


def test_a_body_without_json_is_one_file() -> None:
    (found,) = Images(3).of_tensors(parse(file_of(COLOUR), 0), DEFAULT)
    np.testing.assert_array_equal(found, COLOUR)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("sent", "images"),
    [
        (GREY, [GREY]),
        (COLOUR, [COLOUR]),
        (GREY[:, :, None], [GREY]),
        (np.stack([GREY, GREY + 1]), [GREY, GREY + 1]),
        (np.stack([COLOUR, COLOUR[::-1]]), [COLOUR, COLOUR[::-1]]),
        (np.stack([GREY, GREY + 1])[..., None], [GREY, GREY + 1]),
    ],
)
@pytest.mark.parametrize("binary", [True, False])
def test_pixels_are_what_their_file_decodes_to(
    sent: np.ndarray[Any, Any], images: list[np.ndarray[Any, Any]], channels: int, binary: bool
) -> None:
    request = triton.asked({"pixels": np.ascontiguousarray(sent)}, binary=binary)
    found = Images(channels).of_tensors(request, DEFAULT)
    assert len(found) == len(images)
    for pixels, image in zip(found, images, strict=True):
        np.testing.assert_array_equal(pixels, encoding.decode(file_of(image), channels))


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"text": triton.texts("a")}, "expected one alone: image or pixels"),
        ({"image": triton.texts("a"), "pixels": GREY}, "the inputs are 'image', 'pixels'"),
        ({"image": GREY}, "input image is of UINT8; expected BYTES"),
        ({"pixels": triton.texts("a")}, "input pixels is of BYTES; expected UINT8"),
        ({"pixels": GREY.astype(np.float32)}, "input pixels is of FP32; expected UINT8"),
        ({"pixels": GREY[0]}, r"has shape \[7\]; expected \[height, width\]"),
        ({"pixels": np.zeros((2, 3, 4, 4), np.uint8)}, "of 1 or 3 channels"),
        ({"pixels": np.zeros((1, 2, 3, 3, 3), np.uint8)}, r"has shape \[1, 2, 3, 3, 3\]"),
        ({"image": triton.texts(file_of(GREY), b"")}, r"image 1 \(of 0 to 1\) is .* it is empty"),
        ({"image": triton.texts("<svg/>")}, "is not a whole image"),
        ({"image": triton.texts(file_of(COLOUR)[:-40])}, "is not a whole image"),
        ({"image": triton.texts(bomb(100_000))}, "pixels are too many|decompression bomb"),
        ({"image": triton.texts(bomb(9_000))}, "9,000 x 9,000 pixels are too many"),
        ({"image": triton.texts(file_of(GREY), shape=(1, 1, 1))}, "has shape"),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_tensors_that_are_no_images_are_refused(inputs: dict[str, Any], said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        Images(3).of_tensors(triton.asked(inputs), DEFAULT)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (None, r"image 0 \(of 0 to 0\) is null; expected the bytes of its file in base64"),
        ({}, "is an object"),
        ("!!!!", "is no base64"),
        ("abc", "is no base64"),
        ("ä", "is no base64"),
        ("data:image/png;base64,AAAA", "is no base64"),
        ("", "it is empty"),
        ("AAAA", "is not a whole image"),
    ],
)
def test_json_that_is_no_image_is_refused(one: object, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        Images(1).of_json([one], DEFAULT)


def test_more_images_and_more_pixels_than_allowed_are_refused() -> None:
    limits = Limits(rows=2, pixels=2 * GREY.size)
    two, three = (np.stack([GREY] * count) for count in (2, 3))
    files = [file_of(GREY)] * 3
    packed = [base64.b64encode(one).decode() for one in files]
    images = Images(1)
    assert len(images.of_tensors(triton.asked({"pixels": two}), limits)) == 2
    with pytest.raises(TooLarge, match="asks about 3 rows; expected 2"):
        images.of_tensors(triton.asked({"pixels": three}), limits)
    with pytest.raises(TooLarge, match="asks about 3 rows; expected 2"):
        images.of_json(packed, limits)
    many = Limits(pixels=2 * GREY.size)
    with pytest.raises(TooLarge, match="more than 70 pixels together"):
        images.of_tensors(triton.asked({"pixels": three}), many)
    with pytest.raises(TooLarge, match="more than 70 pixels together"):
        images.of_tensors(triton.asked({"image": triton.texts(*files)}), many)
    with pytest.raises(TooLarge, match="more than 70 pixels together"):
        images.of_json(packed, many)


def test_pixels_are_counted_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        pytest.fail("decoded")

    monkeypatch.setattr(encoding, "decode", never)
    with pytest.raises(TooLarge, match="more than 4 pixels"):
        Images(1).of_tensors(triton.asked({"image": triton.texts(file_of(GREY))}), Limits(pixels=4))
