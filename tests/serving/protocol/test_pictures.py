from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import pytest
from tritonclient.http import InferRequestedOutput

from assay.serving.protocol import pictures
from assay.serving.protocol.identity import Identity
from assay.serving.protocol.pictures import Pictures
from assay.serving.protocol.response import InferResponse
from assay.serving.refusals import BadRequest
from tests.serving import triton

if TYPE_CHECKING:
    from assay.bundle.image_generator import Pixels

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (3, 4, 4, 1), dtype=np.uint8)
COLOURED = RANDOM.integers(0, 256, (2, 4, 4, 3), dtype=np.uint8)
ASKED = {"count": np.array([3])}
IDENTITY = Identity("digits", "3", "a" * 64)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(
    ("images", "expected"), [(GREY, GREY[..., 0]), (COLOURED, COLOURED)], ids=["grey", "colour"]
)
def test_the_client_reads_the_pixels(images: Pixels, expected: Pixels, binary: bool) -> None:
    output = Pictures(4, images.shape[-1])
    wanted = [InferRequestedOutput("images", binary_data=binary)]
    for request in (triton.asked(ASKED, wanted), triton.asked(ASKED)):
        output.require(request)
        answer = triton.read(InferResponse(IDENTITY, output.tensors(images, request)))
        found = answer.as_numpy("images")
        assert found.dtype == np.uint8
        assert np.array_equal(found, expected)
    assert output.ports[0].shape[1:] == expected.shape[1:]


def test_outputs_that_are_not_there_are_refused() -> None:
    for wanted, words in (
        (
            InferRequestedOutput("label"),
            "no output 'label'; expected some of images",
        ),
        (InferRequestedOutput("images", class_count=2), "expected it of classifiers alone"),
    ):
        with pytest.raises(BadRequest, match=words):
            Pictures(4, 1).require(triton.asked(ASKED, [wanted]))


@pytest.mark.parametrize("images", [GREY, COLOURED], ids=["grey", "colour"])
def test_plain_json_holds_png_files(images: Pixels) -> None:
    body, headers = pictures.render(images, IDENTITY)
    assert headers == {"content-type": "application/json", **IDENTITY.headers}
    found = json.loads(body)
    files = [io.BytesIO(base64.b64decode(one)) for one in found.pop("images")]
    drawn = [PIL.Image.open(file) for file in files]
    assert {one.format for one in drawn} == {"PNG"}
    assert np.array_equal(np.stack([np.asarray(one) for one in drawn]), np.squeeze(images))
    assert found == {"model": "digits", "version": "3", "bundle": "a" * 64}
