"""From the trained checkpoint to the bundle that is served, with a prior fitted to its latents.

Reads the checkpoint, the train and the validation split. Writes the bundle's folder: ``model.onnx``
(the decoder, which generates), ``encoder.onnx``, ``prior.onnx``, ``weights.onnx`` (of a bound),
``assay.json``, golden rows and a model card. All are fp32: int8 would round the log scales of the
likelihood, of which a bound is made, and a decoder of a few megabytes gains little.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay import processor
from assay.bundle import image_generator as bundles
from assay.bundle import writing
from assay.bundle.golden import ROWS
from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.learning import seeding
from assay.objectives.generation.likelihood import bits_per_dimension
from assay.progress import say
from assay.records import Candidate, Parity, Timings, one_digit
from assay.tasks.image_generation import card, checkpoint, graph, parity, pixels
from assay.tasks.image_generation.prior import Prior
from assay.tasks.image_generation.prior_fitting import FittedPrior, fitted
from assay.tasks.image_generation.train import held_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assay.bundle.golden import Feeds
    from assay.paths import ModelPaths
    from assay.tasks.image_generation.network import Autoencoder
    from assay.tasks.image_generation.settings import ImageGenerationModel
    from assay.tasks.image_generation.sizes import Sizes

METRIC = "bits per dimension"
REASON = "int8 is not made for an autoencoder"
# Validation images that are compared, and scored.
COMPARED = 500
BATCH = bundles.BATCH


@dataclass(frozen=True, eq=False)
class _Made:
    """What goes into the bundle: the graphs by their names, and what they were made of."""

    graphs: Mapping[str, bytes]
    sizes: Sizes
    prior: FittedPrior


def export(
    settings: ImageGenerationModel, files: ModelPaths, folder: Path
) -> tuple[Parity, Timings]:
    """Write the bundle to ``folder``; return the parity report and what was timed.

    Raises:
        ParityFailed: ONNX and torch give different answers.

    """
    seeding.make_deterministic(0, settings.export.threads)
    model = checkpoint.read(files.checkpoint)
    say("export: tracing the network")
    about, threads = writing.metadata(settings, files), settings.export.threads
    encoder = gateway.serialize(graph.encoder(model), about)
    fit = fitted(settings, files, Session(encoder, threads))
    prior = Prior(fit.mixture)
    graphs = {
        "decoder": gateway.serialize(graph.decoder(model), about),
        "encoder": encoder,
        "prior": gateway.serialize(graph.prior(prior), about),
        "weights": gateway.serialize(graph.weights(model, prior), about),
    }
    opened = parity.Graphs(**{name: Session(own, threads) for name, own in graphs.items()})
    grid = parity.grid(model, prior, opened)
    compared = _compared(settings, files)
    validation = parity.difference(model, prior, opened, compared, 0)
    bits, speed = _bits(opened.weights, compared, model)
    _write(folder, _Made(graphs, model.sizes, fit), settings, files)
    report = Parity(
        metric=METRIC,
        fp32=Candidate.measured(bits, *graphs.values()),
        validation_rows=len(compared),
        validation_max_abs_diff=one_digit(validation),
        grid_max_abs_diff=one_digit(grid),
        temperature=1.0,
        precision="fp32",
        reason=REASON,
    )
    timings = Timings(
        rows_per_second_fp32=round(speed, 1),
        provider=opened.decoder.provider,
        processor=processor.processor_class(),
        threads=threads,
        unit="images",
    )
    return report, timings


def _compared(settings: ImageGenerationModel, files: ModelPaths) -> np.ndarray[Any, Any]:
    """Return the first images of the validation split, as the network sees them."""
    images = pixels.of_split(files, "validation", settings.train)[:COMPARED]
    batches = held_out(torch.from_numpy(images), settings.train)
    return np.concatenate([seen.numpy() for seen, _ in batches])


def _bits(
    session: Session, images: np.ndarray[Any, Any], model: Autoencoder
) -> tuple[float, float]:
    """Return bits per dimension by the evidence lower bound of one draw, and images a second."""
    noise = np.random.default_rng(0).standard_normal(
        (len(images), model.sizes.latents), dtype=np.float32
    )
    begin = time.perf_counter()
    batches = (
        (start, {"pixels": images[start : start + BATCH], "noise": noise[start : start + BATCH]})
        for start in range(0, len(images), BATCH)
    )
    nats = -sum(float(own.sum()) for _, own in session.run_all(batches)) / len(images)
    speed = len(images) / (time.perf_counter() - begin)
    return bits_per_dimension(nats, model.sizes.dimensions), speed


def _write(folder: Path, made: _Made, settings: ImageGenerationModel, files: ModelPaths) -> None:
    folder.mkdir(parents=True)
    for name in (bundles.ENCODER, bundles.PRIOR, bundles.WEIGHTS):
        (folder / name).write_bytes(made.graphs[name.removesuffix(".onnx")])
    sizes, gaussians = made.sizes, made.prior.gaussians
    content = writing.Content(
        graph=made.graphs["decoder"],
        precision="fp32",
        fp32=made.graphs["decoder"],
        fallback=False,
        golden=_golden(made),
        card=card.written(files.model, settings, gaussians),
        sizes={"batch": 1},
        encoder={
            bundles.SIDE: sizes.side,
            bundles.CHANNELS: sizes.channels,
            bundles.LATENTS: sizes.latents,
            bundles.LEVELS: bundles.BINARY if sizes.likelihood == "bernoulli" else bundles.ALL,
            bundles.GAUSSIANS: gaussians,
        },
    )
    writing.write(folder, content, settings, files)


def _golden(made: _Made) -> list[Feeds]:
    """Return the feeds of latents drawn from the prior, each a batch of one."""
    random = np.random.default_rng(0)
    return [
        {
            "latents": made.prior.mixture.sample(1, random).astype(np.float32),
            "noise": np.full((1, *made.sizes.shape), 0.5, dtype=np.float32),
        }
        for _ in range(ROWS)
    ]
