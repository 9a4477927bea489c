"""From the trained checkpoint to the bundle that is served: decoder, encoder, weights of a bound.

Reads the checkpoint and the validation split. Writes the bundle's folder: ``model.onnx`` (the
decoder, which generates), ``encoder.onnx``, ``weights.onnx``, ``assay.json``, golden rows and a
model card. All are fp32: int8 would round the log scales of the likelihood, of which a bound is
made, and a decoder of a few megabytes gains little.
"""

from __future__ import annotations

import time
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
from assay.tasks.image_generation import checkpoint, graph, parity, pixels
from assay.tasks.image_generation.train import held_out

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assay.bundle.golden import Feeds
    from assay.paths import ModelPaths
    from assay.tasks.image_generation.network import Autoencoder
    from assay.tasks.image_generation.settings import ImageGenerationModel

METRIC = "bits per dimension"
REASON = "int8 is not made for an autoencoder"
# Validation images that are compared, and scored.
COMPARED = 500
BATCH = bundles.BATCH
GRAPHS = {"decoder": graph.decoder, "encoder": graph.encoder, "weights": graph.weights}


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
    about = writing.metadata(settings, files)
    graphs = {name: gateway.serialize(made(model), about) for name, made in GRAPHS.items()}
    threads = settings.export.threads
    opened = parity.Graphs(**{name: Session(own, threads) for name, own in graphs.items()})
    grid = parity.grid(model, opened)
    compared = _compared(settings, files)
    validation = parity.difference(model, opened, compared, 0)
    bits, speed = _bits(opened.weights, compared, model)
    _write(folder, graphs, model, settings, files)
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


def _write(
    folder: Path,
    graphs: Mapping[str, bytes],
    model: Autoencoder,
    settings: ImageGenerationModel,
    files: ModelPaths,
) -> None:
    folder.mkdir(parents=True)
    (folder / bundles.ENCODER).write_bytes(graphs["encoder"])
    (folder / bundles.WEIGHTS).write_bytes(graphs["weights"])
    sizes = model.sizes
    content = writing.Content(
        graph=graphs["decoder"],
        precision="fp32",
        fp32=graphs["decoder"],
        fallback=False,
        golden=_golden(model),
        card=_card(files.model, settings),
        sizes={"batch": 1},
        encoder={
            bundles.SIDE: sizes.side,
            bundles.CHANNELS: sizes.channels,
            bundles.LATENTS: sizes.latents,
            bundles.LEVELS: bundles.BINARY if sizes.likelihood == "bernoulli" else bundles.ALL,
        },
    )
    writing.write(folder, content, settings, files)


def _golden(model: Autoencoder) -> list[Feeds]:
    """Return the feeds of latents drawn from the prior, each a batch of one."""
    random = np.random.default_rng(0)
    return [
        {
            "latents": random.standard_normal((1, model.sizes.latents), dtype=np.float32),
            "noise": np.full((1, *model.sizes.shape), 0.5, dtype=np.float32),
        }
        for _ in range(ROWS)
    ]


def _card(name: str, settings: ImageGenerationModel) -> str:
    chosen = settings.train
    colours = "grey" if chosen.channels == 1 else "RGB"
    sides = f"{chosen.size}, {chosen.size}, {chosen.channels}"
    kind = "binarised" if chosen.likelihood == "bernoulli" else "8-bit"
    return f"""# {name}

An {settings.kind} model made by Assay: a {chosen.network} variational autoencoder of {kind} images
({colours}), trained from scratch, exported to ONNX (fp32) as three graphs. All noise is an input.

- `model.onnx`, the decoder. Input: `latents`, float32 (batch, {chosen.latents}), standard normal to
  generate; `noise`, float32 (batch, {sides}), uniform from 0 to 1. Output: `parameters` of the
  likelihood; `images`, its middle, and `samples`, drawn by the noise: uint8 (batch, {sides}).
- `encoder.onnx`. Input: `pixels`, uint8 (batch, {sides}), `noise`, float32 (batch,
  {chosen.latents}), standard normal. Output: `mean`, `log_variance` and `latents` of the posterior.
- `weights.onnx`. Input as the encoder's. Output: `log_weights` in nats, by which it is measured.
- Made from: the digests in `assay.json`, which every reader should check before opening.
- Measured: see `reports/{name}/report.md` of the project at the commit that made it.
- Not meant for: passing for photographs, or for data of real things or people.
"""
