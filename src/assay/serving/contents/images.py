"""Images that clients send: bytes of files as BYTES ``image``, or UINT8 ``pixels``.

Reads and writes nothing but values in memory. Each is decoded here, once: what a classifier gets
are pixels, so that a torn file is its sender's alone and never fails a batch.
"""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import UnreadableImage
from assay.modalities.image import encoding
from assay.serving.contents.columns import elements, only, place, require_rows
from assay.serving.protocol.tensors import Port
from assay.serving.protocol.words import kind
from assay.serving.refusals import BadRequest, TooLarge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.modalities.image.encoding import Pixels
    from assay.serving.protocol.limits import Limits
    from assay.serving.protocol.request import InferRequest
    from assay.serving.protocol.tensors import Tensor

IMAGE, PIXELS = "image", "pixels"
# Grey and RGB. So many at the end of three sizes are channels of one image, not a width.
CHANNELS = (1, 3)


@dataclass(frozen=True)
class Images:
    """Satisfies ``assay.serving.contents.kinds.Contents``.

    Attributes:
        channels: that the model takes: 1 grey, 3 RGB.

    """

    channels: int

    @property
    def ports(self) -> tuple[Port, ...]:
        """Either of the two, not both."""
        return (
            Port(IMAGE, "BYTES", (-1,)),
            Port(PIXELS, "UINT8", (-1, -1, -1, self.channels)),
        )

    def of_tensors(self, request: InferRequest, limits: Limits) -> list[Pixels]:
        """Return the images of the input ``image`` or ``pixels``.

        Bytes in JSON, which knows none, are texts in base64.

        Raises:
            BadRequest: neither or both are there; an image can't be read; a wrong type or shape.
            TooLarge: they are too many, or have too many pixels together.

        """
        tensor = only(request, [IMAGE, PIXELS])
        wanted = "UINT8" if tensor.name == PIXELS else "BYTES"
        if tensor.datatype != wanted:
            raise BadRequest(f"input {tensor.name} is of {tensor.datatype}; expected {wanted}")
        if tensor.name == PIXELS:
            return self._of_pixels(tensor, limits)
        found = elements(tensor)
        require_rows(len(found), limits)
        if not tensor.binary:
            found = [_unpacked(one, row, len(found)) for row, one in enumerate(found)]
        return self._of_files(found, limits)

    def of_json(self, inputs: Sequence[object], limits: Limits) -> list[Pixels]:
        """Return the images of texts in base64.

        Raises:
            BadRequest: one is no text, no base64, or no image that can be read.
            TooLarge: they are too many, or have too many pixels together.

        """
        require_rows(len(inputs), limits)
        found = [_unpacked(one, row, len(inputs)) for row, one in enumerate(inputs)]
        return self._of_files(found, limits)

    def _of_files(self, contents: list[bytes], limits: Limits) -> list[Pixels]:
        decoded, left = [], limits.pixels
        for row, content in enumerate(contents):
            try:
                left -= math.prod(encoding.opened(content).size)
                if left < 0:
                    raise _too_many_pixels(limits)
                decoded.append(encoding.decode(content, self.channels))
            except UnreadableImage as problem:
                raise BadRequest(
                    f"{place(IMAGE, row, len(contents))} is {problem.found}; expected "
                    f"{problem.expected}"
                ) from problem
        return decoded

    def _of_pixels(self, tensor: Tensor, limits: Limits) -> list[Pixels]:
        shape = tensor.shape
        match len(shape):
            case 2:
                images = tensor.values.reshape(1, *shape, 1)
            case 3 if shape[-1] in CHANNELS:
                images = tensor.values.reshape(1, *shape)
            case 3:
                images = tensor.values.reshape(*shape, 1)
            case 4 if shape[-1] in CHANNELS:
                images = tensor.values
            case _:
                raise BadRequest(
                    f"input {PIXELS} has shape {list(shape)}; expected [height, width], [height, "
                    "width, channels], [images, height, width] or [images, height, width, "
                    f"channels], of {' or '.join(map(str, CHANNELS))} channels"
                )
        require_rows(len(images), limits)
        if math.prod(images.shape[:3]) > limits.pixels:
            raise _too_many_pixels(limits)
        return [encoding.with_channels(one, self.channels) for one in images]


def _unpacked(found: object, row: int, rows: int) -> bytes:
    """Return the bytes that a text in base64 stands for."""
    if not isinstance(found, str | bytes):
        raise BadRequest(
            f"{place(IMAGE, row, rows)} is {kind(found)}; expected the bytes of its file in base64,"
            " a string"
        )
    try:
        return base64.b64decode(found, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise BadRequest(
            f"{place(IMAGE, row, rows)} is no base64 (RFC 4648, with padding); expected the bytes "
            "of its file in base64"
        ) from problem


def _too_many_pixels(limits: Limits) -> TooLarge:
    return TooLarge(
        f"the images have more than {limits.pixels} pixels together; expected fewer, or smaller "
        "ones, in one request"
    )
