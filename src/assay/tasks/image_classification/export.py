"""From the trained checkpoint to the bundle that is served: images of any size in, logits out.

Reads the checkpoint and the validation split; measures int8's scales on images of the train split.
Writes the bundle's folder: ``model.onnx``, ``assay.json`` and a model card. Which precision ships
is decided in ``bundling``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from assay.gateways import onnx as gateway
from assay.inputs.image import ImageDecoder, decode
from assay.learning import seeding
from assay.progress import say
from assay.tasks import bundling
from assay.tasks.image_classification import network, parity, train
from assay.tasks.image_classification.served import Served

if TYPE_CHECKING:
    from pathlib import Path

    import onnx

    from assay.artifacts import Artifacts
    from assay.settings.image import ImageModel

TASK = "image-classification"
DYNAMIC = {0: "batch", 1: "height", 2: "width"}
# Images of the train split on which the scales of int8 are measured.
CALIBRATED = 256
# What int8 kernels do; all else stays fp32 between them.
OPERATORS = ("Conv", "MaxPool")


def export(
    settings: ImageModel, files: Artifacts, folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the bundle to ``folder``; return the parity report and what was timed.

    Raises:
        PartedWays: ONNX and torch give different answers.

    """
    seeding.make_deterministic(0, settings.export.threads)
    size, channels = settings.train.size, settings.train.channels
    model, views = network.load(files.checkpoint), settings.export.tta
    facts = bundling.facts(settings, files)
    say("export: tracing the network")
    # Neither square nor of the network's size: a resizing that is always there.
    example = torch.from_numpy(parity.drawn(2, size + 8, size + 16, channels))
    graph = gateway.from_torch(
        Served(model, size, views, folded=True),
        {"pixels": example},
        {"pixels": DYNAMIC},
        ["logits"],
    )
    fp32 = gateway.serialize(graph, facts | {"assay.precision": "fp32"})
    small = _quantized(graph, settings, files)
    int8 = gateway.serialize(small, facts | {"assay.precision": "int8"})
    served = Served(model, size, views).eval()
    largest = parity.grid(served, fp32, size, channels, settings.export.threads)
    trial = _trial(settings, files)
    report = trial.compare(fp32, int8, _torch_logits(served, trial), largest, settings.export)
    _write(folder, int8 if report["precision"] == "int8" else fp32, settings, files, report)
    return report, trial.timings({"fp32": fp32, "int8": int8})


def _quantized(graph: onnx.ModelProto, settings: ImageModel, files: Artifacts) -> onnx.ModelProto:
    """Return the graph in int8, with scales of images evenly spread over the train split."""
    contents = pd.read_parquet(files.split("train"), columns=["image"])["image"]
    chosen = contents.iloc[:: max(1, len(contents) // CALIBRATED)].iloc[:CALIBRATED].tolist()
    channels = settings.train.channels

    def feed(place: int) -> dict[str, Any]:
        return {"pixels": decode(chosen[place], channels)[None]}

    return gateway.quantize_static(graph, feed, len(chosen), OPERATORS)


def _trial(settings: ImageModel, files: Artifacts) -> bundling.Trial:
    """Return the validation split for both precisions."""
    rows = pd.read_parquet(files.split("validation"), columns=["image", "label"])
    contents = rows["image"].tolist()
    decoder = ImageDecoder(settings.train.channels)
    return bundling.Trial(
        decoder(contents),
        decoder(contents[: bundling.TIMED_ROWS]),
        train.numbered(rows["label"].tolist(), settings.labels),
        len(settings.labels),
        settings.export.threads,
    )


def _torch_logits(served: Served, trial: bundling.Trial) -> np.ndarray[Any, Any]:
    """Return torch's fp32 logits of the split, images of all sizes in the rows' order."""
    answer = np.zeros((len(trial.labels), trial.classes), dtype=np.float32)
    with torch.inference_mode():
        for rows, feeds in trial.encoded.batches(bundling.BATCH):
            answer[rows] = served(torch.from_numpy(feeds["pixels"])).numpy()
    return answer


def _write(
    folder: Path, model: bytes, settings: ImageModel, files: Artifacts, report: dict[str, Any]
) -> None:
    folder.mkdir(parents=True)
    told = {
        "task": TASK,
        "labels": list(settings.labels),
        "precision": report["precision"],
        "inputs": ["pixels"],
        "size": settings.train.size,
        "channels": settings.train.channels,
    }
    bundling.write(folder, model, files, told, _card(files.model, settings, report["precision"]))


def _card(name: str, settings: ImageModel, precision: str) -> str:
    labels = ", ".join(f"`{label}`" for label in settings.labels)
    size, chosen = settings.train.size, settings.train
    colours = "grey" if chosen.channels == 1 else "RGB"
    start = f"from `{chosen.checkpoint}`" if chosen.checkpoint else "from scratch"
    return f"""# {name}

A {TASK} model made by Assay: {chosen.network}, learned {start}, exported to ONNX ({precision}).

- Input: `pixels`, uint8 of shape (batch, height, width, {chosen.channels}), {colours}, images of
  any size; the graph squashes them to {size} x {size}, normalises them and averages over the views
  of one image ({settings.export.tta}).
- Output: logits over {labels}, in this order.
- Made from: the digests in `assay.json`, which every reader should check before opening.
- Measured: see `reports/{name}/report.md` of the project at the commit that made it.
- Not meant for: pictures unlike those of its training data, or decisions about people without a
  person.
"""
