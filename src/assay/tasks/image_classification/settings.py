"""The block of an image classifier in ``params.yaml``. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.settings.classification import (
    ClassificationExport,
    ClassificationIngest,
    ClassificationModel,
    ClassificationValidate,
)
from assay.settings.image import ImageIngest, ImageSplit, ImageValidate
from assay.settings.schema import BatchSize, ClipNorm, Epochs, Optimisation


class ImageClassificationIngest(ImageIngest, ClassificationIngest):
    """The columns of images and of labels."""


class ImageClassificationValidate(ImageValidate, ClassificationValidate):
    """The bounds that ``expectations/image_classification.yaml`` names as ``$name``."""


class ImageTrain(Optimisation):
    """The network, what it sees of each image, and how it learns."""

    network: Literal["lenet", "resnet18", "resnet50", "speednet"] = "speednet"
    size: Annotated[int, Field(ge=8, le=512)] = 32
    channels: Literal[1, 3] = 3
    width: Annotated[float, Field(gt=0, le=8)] = 1.0
    epochs: Epochs = 8
    batch_size: BatchSize = 512
    optimiser: Literal["adamw", "sgd", "muon"] = "muon"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.6
    # The rates of SGD and Muon are on another scale than AdamW's, and may well exceed 1.
    learning_rate: Annotated[float, Field(gt=0, le=20)] = 0.24
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 1e-5
    # Muon starts at its full rate, and the size of its updates does not depend on the gradient's.
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clip_norm: ClipNorm = 0.0
    patience: Epochs = 8
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.2
    flip: Literal["none", "random", "alternating"] = "alternating"
    crop: Annotated[int, Field(ge=0, le=64)] = 2
    cutout: Annotated[int, Field(ge=0, le=256)] = 0
    lookahead: bool = False


class ImageExport(ClassificationExport):
    """Which precision is served, and the views that each prediction averages over."""

    tta: Literal["none", "flip", "flip+shift"] = "flip+shift"


class ImageClassificationModel(ClassificationModel):
    """One model that puts images into classes."""

    data: Literal["image"]
    ingest: ImageClassificationIngest = ImageClassificationIngest()
    validation: ImageClassificationValidate = Field(
        default=ImageClassificationValidate(), alias="validate"
    )
    split: ImageSplit = ImageSplit()
    train: ImageTrain = ImageTrain()
    export: ImageExport = ImageExport()
