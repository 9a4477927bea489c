"""The block of an image generator in ``params.yaml``. Reads and writes nothing."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from assay.settings.generation import GenerationModel
from assay.settings.image import ImageIngest, ImageSplit, ImageValidate
from assay.settings.release import Gate
from assay.settings.schema import BatchSize, Epochs, Evaluate, Export, Optimisation

# The convolutional network halves its images twice, and its last layer has half of its width.
STEP = 4


class ImageGenerationTrain(Optimisation):
    """The autoencoder, what it gives a probability to, and how it learns.

    Attributes:
        size: pixels a side; images are resized to it.
        likelihood: ``logistic`` of 8-bit images, ``bernoulli`` of images binarised anew in every
            epoch.
        beta: weight of the divergence of posterior from prior; 1 is the evidence lower bound.
        beta_epochs: over how many epochs beta rises from 0.
        free_bits: the KL divergence of each latent, in nats, below which it is not penalised.
        precision: fp32 at first: in bf16 a logistic's location is half a level off.

    """

    network: Literal["convolutional", "mlp"] = "convolutional"
    size: Annotated[int, Field(ge=8, le=64)] = 28
    channels: Literal[1, 3] = 1
    latents: Annotated[int, Field(ge=1, le=4096)] = 32
    width: Annotated[int, Field(ge=2, le=8192)] = 32
    likelihood: Literal["logistic", "bernoulli"] = "logistic"
    beta: Annotated[float, Field(gt=0, le=1000)] = 1.0
    beta_epochs: Annotated[int, Field(ge=0, le=10_000)] = 0
    free_bits: Annotated[float, Field(ge=0, le=100)] = 0.0
    epochs: Epochs = 20
    batch_size: BatchSize = 128
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 2e-3
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 1e-4
    # Of the full rate, at the last step.
    final_rate: Annotated[float, Field(ge=0, le=1)] = 0.02
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.02
    clip_norm: Annotated[float, Field(ge=0, le=1e6)] = 100.0
    patience: Epochs = 5
    precision: Literal["auto", "fp32", "bf16"] = "fp32"

    @model_validator(mode="after")
    def _is_a_network(self) -> Self:
        if self.checkpoint is not None:
            raise ValueError("checkpoint is null: an autoencoder starts from random weights")
        if self.network == "convolutional" and (self.size % STEP or self.width % 2):
            raise ValueError(
                f"of a convolutional network a size that is a multiple of {STEP}, and an even width"
            )
        return self


class ImageGenerationExport(Export):
    """What is served.

    Attributes:
        precision: fp32 alone: how much int8 costs is not measured.
        prior_gaussians: at most, of the mixture that is fitted to latents of train images and that
            new images come from; 0 keeps the standard normal prior of the training.

    """

    precision: Literal["fp32"] = "fp32"
    prior_gaussians: Annotated[int, Field(ge=0, le=1000)] = 40


class ImageGenerationEvaluate(Evaluate):
    """How the bundle is measured.

    Attributes:
        bound_images: test images, evenly spread, of which the importance-weighted bound is taken.
        bound_samples: latents of each.
        samples: images that are generated for the figures on them, and as many test images.
        gaussians: of the mixture on principal components, one of the baselines.

    """

    bound_images: Annotated[int, Field(ge=2, le=1_000_000)] = 1000
    bound_samples: Annotated[int, Field(ge=1, le=100_000)] = 64
    samples: Annotated[int, Field(ge=8, le=100_000)] = 2000
    gaussians: Annotated[int, Field(ge=2, le=1000)] = 10


class ImageGenerationModel(GenerationModel):
    """One image generator."""

    data: Literal["image"]
    ingest: ImageIngest = ImageIngest()
    validation: ImageValidate = Field(default=ImageValidate(), alias="validate")
    split: ImageSplit = ImageSplit()
    train: ImageGenerationTrain = ImageGenerationTrain()
    export: ImageGenerationExport = ImageGenerationExport()
    evaluate: ImageGenerationEvaluate = ImageGenerationEvaluate()
    # The margin is a share of the bits. Parameters of a likelihood are larger than a classifier's
    # logits, and so is what rounding makes of them.
    gate: Gate = Gate(max_parity_difference=1e-3)

    @property
    def summary(self) -> str:
        """What it learns, in a few words."""
        side, channels = self.train.size, self.train.channels
        colours = "grey" if channels == 1 else "colour"
        return f"a generator of {colours} images, {side} pixels a side"
