"""Train a variational autoencoder, choose its best epoch on the validation split.

Reads the two split tables. Writes the checkpoint's folder and the curve, and the pixels below
``.assay/``. Never sees the test split.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from assay.learning import curve, loop, seeding
from assay.learning.batching import shuffled
from assay.learning.optimiser import adamw, warmup_then_cosine
from assay.learning.recipe import Recipe
from assay.progress import say
from assay.tasks.image_generation import checkpoint, noise, pixels
from assay.tasks.image_generation.likelihoods import binarised
from assay.tasks.image_generation.loss import annealed, loss, measured
from assay.tasks.image_generation.network import build
from assay.tasks.image_generation.sizes import Sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from assay.learning.run import TrainingRun
    from assay.paths import ModelPaths
    from assay.tasks.image_generation.settings import ImageGenerationModel, ImageGenerationTrain

VALIDATION_BATCH = 500


def train(settings: ImageGenerationModel, files: ModelPaths, run: TrainingRun) -> None:
    """Write the best weights and the curve to where ``run`` says.

    Raises:
        Diverged: the loss is not finite.

    """
    chosen = settings.train
    seeding.make_deterministic(chosen.seed, chosen.threads)
    parts = {
        name: torch.from_numpy(pixels.of_split(files, name, chosen))
        for name in ("train", "validation")
    }
    model = build(sizes_of(chosen))
    weights = sum(weight.numel() for weight in model.parameters())
    say(f"train: {weights:,} weights, {len(parts['train']):,} images to learn from")
    rows = loop.Training(model, setup(chosen, **parts), recipe(chosen), chosen, run).run()
    checkpoint.write(run.checkpoint, model)
    curve.write(run.curve, rows)


def sizes_of(chosen: ImageGenerationTrain) -> Sizes:
    """Return the sizes of the network that the settings name."""
    return Sizes(
        side=chosen.size,
        channels=chosen.channels,
        latents=chosen.latents,
        width=chosen.width,
        likelihood=chosen.likelihood,
        network=chosen.network,
    )


def recipe(chosen: ImageGenerationTrain) -> Recipe:
    """Return AdamW under a cosine schedule with warm-up."""
    return Recipe(
        optimiser=lambda model: adamw(model, chosen.learning_rate, chosen.weight_decay),
        schedule=partial(warmup_then_cosine, warmup=chosen.warmup, final=chosen.final_rate),
    )


def setup(
    chosen: ImageGenerationTrain, train: torch.Tensor, validation: torch.Tensor
) -> loop.TrainingSetup:
    """Return what is learned of uint8 images (rows, size, size, channels)."""

    def collate(rows: list[int], epoch: int) -> dict[str, torch.Tensor]:
        return {
            "pixels": _seen(train[rows], chosen, epoch, rows, noise.PIXELS),
            "noise": noise.normal(chosen.seed, epoch, rows, chosen.latents, noise.LATENTS),
            "beta": torch.tensor(annealed(epoch, chosen.beta_epochs, chosen.beta)),
        }

    return loop.TrainingSetup(
        batches=lambda epoch: shuffled(len(train), chosen.batch_size, chosen.seed, epoch),
        collate=collate,
        loss=lambda model, batch: loss(
            model, batch["pixels"], batch["noise"], batch["beta"], chosen.free_bits
        ),
        validate=lambda model: scores(model, validation, chosen),
        size=lambda batch: len(batch["pixels"]),
        selection=loop.Selection("validation_loss", "negative ELBO", higher_is_better=False),
    )


def scores(
    model: nn.Module, validation: torch.Tensor, chosen: ImageGenerationTrain
) -> dict[str, float]:
    """Return the negative evidence lower bound and its two parts, in nats per image.

    The noise is the same after every epoch, so that epochs compare.
    """
    device = next(model.parameters()).device
    batches = held_out(validation, chosen)
    found = measured(model, ((images.to(device), own.to(device)) for images, own in batches))
    return {
        "validation_loss": found.negative_elbo,
        "validation_reconstruction": found.reconstruction,
        "validation_divergence": found.divergence,
    }


def held_out(
    images: torch.Tensor, chosen: ImageGenerationTrain, draw: int = 0
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield uint8 images as the network sees them, with noise for their latents, in batches.

    Images of two splits have independent noise where ``draw`` differs.
    """
    for start in range(0, len(images), VALIDATION_BATCH):
        rows = range(start, min(start + VALIDATION_BATCH, len(images)))
        own = noise.normal(chosen.seed, draw, rows, chosen.latents, noise.HELD_OUT_LATENTS)
        shown = images[rows.start : rows.stop]
        yield _seen(shown, chosen, draw, rows, noise.HELD_OUT_PIXELS), own


def _seen(
    images: torch.Tensor,
    chosen: ImageGenerationTrain,
    epoch: int,
    rows: Sequence[int],
    stream: int,
) -> torch.Tensor:
    """Return images as they are, or binarised for a likelihood of such."""
    if chosen.likelihood != "bernoulli":
        return images
    own = noise.uniform(chosen.seed, epoch, rows, tuple(images.shape[1:]), stream)
    return binarised(images, own)
