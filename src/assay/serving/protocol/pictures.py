"""What a generator of images answers: a tensor of pixels, or PNG files in base64.

Reads and writes nothing but bytes in memory.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import PIL.Image

from assay.bundle.image_generator import CHANNELS, SIDE
from assay.serving.protocol.answers import require_outputs
from assay.serving.protocol.tensors import Port, Tensor

if TYPE_CHECKING:
    from assay.bundle.image_generator import Pixels
    from assay.bundle.manifest import Manifest
    from assay.serving.protocol.identity import Identity
    from assay.serving.protocol.request import InferRequest

IMAGES = "images"


@dataclass(frozen=True)
class Pictures:
    """The output of a generator whose images are ``side`` pixels high and wide."""

    side: int
    channels: int

    @classmethod
    def of(cls, manifest: Manifest) -> Pictures:
        """Return that of a bundle."""
        return cls(manifest.number(SIDE), manifest.number(CHANNELS))

    @property
    def size(self) -> int:
        """How many bytes an image has."""
        return self.side * self.side * self.channels

    @property
    def ports(self) -> tuple[Port, ...]:
        """What the model's metadata says of it: grey images have no channels."""
        shape = (-1, self.side, self.side)
        return (Port(IMAGES, "UINT8", shape if self.channels == 1 else (*shape, self.channels)),)

    def require(self, request: InferRequest) -> None:
        """Refuse a request for outputs that are not there.

        Raises:
            BadRequest: it names another output, or wants classes.

        """
        require_outputs(request, [IMAGES], classified=None)

    def tensors(self, images: Pixels, request: InferRequest) -> tuple[Tensor, ...]:
        """Return the output as a request asks for it."""
        binary = request.outputs[0].binary if request.outputs else request.binary
        return (Tensor(IMAGES, "UINT8", _pixels(images), binary),)


def render(images: Pixels, identity: Identity) -> tuple[bytes, dict[str, str]]:
    """Return the body of an answer in plain JSON, and its headers but ``Content-Length``."""
    stated = {
        "model": identity.model,
        "version": identity.version,
        "bundle": identity.bundle,
        IMAGES: [base64.b64encode(_png(one)).decode() for one in _pixels(images)],
    }
    return orjson.dumps(stated), {"content-type": "application/json", **identity.headers}


def _pixels(images: Pixels) -> Pixels:
    """Return images (images, H, W, channels), grey ones without the last size."""
    return images[..., 0] if images.shape[-1] == 1 else images


def _png(image: Pixels) -> bytes:
    stream = io.BytesIO()
    PIL.Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()
