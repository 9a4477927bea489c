"""What a model's block holds because its data is images. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from assay.settings.block import Share
from assay.settings.schema import Ingest, Split, Validate

# Bits of a perceptual hash; with a quarter of them changed two images have nothing in common.
HashBits = Annotated[int, Field(ge=0, le=16)]

Side = Annotated[int, Field(ge=1, le=2**16)]  # pixels


class ImageIngest(Ingest):
    """Where the images come from."""

    image: str = "image"


class ImageValidate(Validate):
    """The bounds on images that a suite names as ``$name``."""

    max_broken_share: Share = 0.02
    max_blank_share: Share = 0.01
    min_side: Side = 8
    max_side: Side = 8192


class ImageSplit(Split):
    """How images are assigned to train, validation and test.

    ``test`` is ignored where the source comes with a test split of its own.
    """

    near_hash_bits: HashBits = 4
