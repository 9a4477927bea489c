"""The block of an image-classification model. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.settings.schema import (
    Export,
    Ingest,
    Model,
    Optimisation,
    Positive,
    Share,
    Split,
    Validate,
)

# Bits of a perceptual hash; beyond a quarter of them two pictures are no kin.
HashBits = Annotated[int, Field(ge=0, le=16)]


class ImageIngest(Ingest):
    """Where the images come from."""

    image: str = "image"


class ImageValidate(Validate):
    """The bounds that ``expectations/image-classification.yaml`` names as ``$name``."""

    max_broken_share: Share = 0.02
    max_blank_share: Share = 0.01
    min_side: Positive = 8
    max_side: Positive = 8192


class ImageSplit(Split):
    """How images are dealt to train, validation and test.

    ``test`` is ignored where the source comes with a test split of its own.
    """

    near_hash_bits: HashBits = 4


class ImageTrain(Optimisation):
    """The network, what it sees of each image, and how it learns."""

    network: Literal["lenet", "resnet18", "resnet50", "speednet"] = "speednet"
    checkpoint: str | None = None
    size: Annotated[int, Field(ge=8, le=512)] = 32
    channels: Literal[1, 3] = 3
    width: Annotated[float, Field(gt=0, le=8)] = 1.0
    epochs: Positive = 8
    batch_size: Positive = 512
    optimiser: Literal["adamw", "sgd", "muon"] = "muon"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.6
    # Of the sgd and muon recipes, which count it otherwise than AdamW: it may well exceed 1.
    learning_rate: Annotated[float, Field(gt=0, le=20)] = 0.24
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 1e-5
    # Muon starts at its full rate, and its steps have a size of their own.
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clip_norm: Annotated[float, Field(ge=0)] = 0.0
    patience: Positive = 8
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.2
    flip: Literal["none", "random", "alternating"] = "alternating"
    crop: Annotated[int, Field(ge=0, le=64)] = 2
    cutout: Annotated[int, Field(ge=0, le=256)] = 0
    ema: bool = False


class ImageExport(Export):
    """Which precision is served, and what the graph averages over at each prediction."""

    tta: Literal["none", "flip", "flip+shift"] = "flip+shift"


class ImageModel(Model):
    """One model that puts images into classes."""

    task: Literal["image-classification"]
    ingest: ImageIngest = ImageIngest()
    validation: ImageValidate = Field(default=ImageValidate(), alias="validate")
    split: ImageSplit = ImageSplit()
    train: ImageTrain = ImageTrain()
    export: ImageExport = ImageExport()
