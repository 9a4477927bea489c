"""From the trained checkpoint to the bundle that is served: images of any size in, logits out.

Reads the checkpoint and the validation split; measures int8's scales on images of the train split.
Writes the bundle's folder: ``model.onnx``, ``assay.json`` and a model card. The objective decides
which precision ships.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from assay.bundle import writing
from assay.gateways import onnx as gateway
from assay.learning import seeding
from assay.modalities.image.encoding import ImageDecoder, decode
from assay.objectives.classification import precision
from assay.objectives.classification.labels import numbers
from assay.objectives.classification.precision import Graphs, Trial
from assay.progress import say
from assay.tasks.image_classification import network, parity, pixels
from assay.tasks.image_classification.golden import drawn
from assay.tasks.image_classification.served import Served

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx

    from assay.bundle.golden import Feeds
    from assay.paths import ModelPaths
    from assay.records import Parity, Timings
    from assay.tasks.image_classification.network import Classifier
    from assay.tasks.image_classification.settings import ImageClassificationModel

DYNAMIC = {0: "batch", 1: "height", 2: "width"}
# Images of the train split on which the scales of int8 are measured.
CALIBRATED = 256
# What int8 kernels do; all else stays fp32 between them.
OPERATORS = ("Conv", "MaxPool")


def export(
    settings: ImageClassificationModel, files: ModelPaths, folder: Path
) -> tuple[Parity, Timings]:
    """Write the bundle to ``folder``; return the parity report and what was timed.

    Raises:
        ParityFailed: ONNX and torch give different answers.

    """
    seeding.make_deterministic(0, settings.export.threads)
    size, channels = settings.train.size, settings.train.channels
    model = network.load(files.checkpoint)
    trial = _trial(settings, files)
    graphs = trial.calibrated(_graphs(model, settings, files), settings.export)
    served = Served(model, size, settings.export.tta).eval()
    largest = parity.grid(served, graphs, size, channels, settings.export.threads)
    report = trial.compare(graphs, _torch_logits(served, trial), largest, settings.export)
    golden = drawn(pixels.of_split(files, "validation", settings.train))
    _write(folder, graphs, report, golden, settings, files)
    return report, trial.timings(graphs)


def _graphs(model: Classifier, settings: ImageClassificationModel, files: ModelPaths) -> Graphs:
    """Return the network as ONNX in both precisions."""
    say("export: tracing the network")
    metadata = writing.metadata(settings, files)
    size, channels = settings.train.size, settings.train.channels
    # Neither square nor of the network's size: a resizing that is always there.
    example = torch.from_numpy(parity.drawn(2, size + 8, size + 16, channels))
    graph = gateway.from_torch(
        Served(model, size, settings.export.tta, folded=True),
        {"pixels": example},
        {"pixels": DYNAMIC},
        ["logits"],
    )
    fp32 = gateway.serialize(graph, metadata | {"assay.precision": "fp32"})
    small = _quantized(graph, settings, files)
    return Graphs(fp32, gateway.serialize(small, metadata | {"assay.precision": "int8"}))


def _quantized(
    graph: onnx.ModelProto, settings: ImageClassificationModel, files: ModelPaths
) -> onnx.ModelProto:
    """Return the graph in int8, with scales of images evenly spread over the train split."""
    contents = pd.read_parquet(files.split("train"), columns=["image"])["image"]
    chosen = contents.iloc[:: max(1, len(contents) // CALIBRATED)].iloc[:CALIBRATED].tolist()
    channels = settings.train.channels

    def feed(place: int) -> dict[str, Any]:
        return {"pixels": decode(chosen[place], channels)[None]}

    return gateway.quantize_static(graph, feed, len(chosen), OPERATORS)


def _trial(settings: ImageClassificationModel, files: ModelPaths) -> Trial:
    """Return the validation split for both precisions."""
    rows = pd.read_parquet(files.split("validation"), columns=["image", "label"])
    contents = rows["image"].tolist()
    decoder = ImageDecoder(settings.train.channels)
    return Trial(
        decoder(contents),
        decoder(contents[: precision.TIMED_ROWS]),
        numbers(rows["label"].tolist(), settings.labels),
        len(settings.labels),
        settings.export.threads,
    )


def _torch_logits(served: Served, trial: Trial) -> np.ndarray[Any, Any]:
    """Return torch's fp32 logits of the split, images of all sizes in the rows' order."""
    answer = np.zeros((len(trial.labels), trial.classes), dtype=np.float32)
    with torch.inference_mode():
        for rows, feeds in trial.encoded.batches(precision.BATCH):
            answer[rows] = served(torch.from_numpy(feeds["pixels"])).numpy()
    return answer


def _write(
    folder: Path,
    graphs: Graphs,
    report: Parity,
    golden: Sequence[Feeds],
    settings: ImageClassificationModel,
    files: ModelPaths,
) -> None:
    folder.mkdir(parents=True)
    size, channels = settings.train.size, settings.train.channels
    content = writing.Content(
        graph=graphs.of(report.precision),
        precision=report.precision,
        fp32=graphs.fp32,
        fallback=settings.export.fallback,
        golden=golden,
        card=_card(files.model, settings, report.precision),
        sizes={"batch": 1, "height": size, "width": size},
        encoder={"size": size, "channels": channels},
        threshold=report.threshold,
    )
    writing.write(folder, content, settings, files)


def _card(name: str, settings: ImageClassificationModel, form: str) -> str:
    labels = ", ".join(f"`{label}`" for label in settings.labels)
    size, chosen = settings.train.size, settings.train
    colours = "grey" if chosen.channels == 1 else "RGB"
    start = f"from `{chosen.checkpoint}`" if chosen.checkpoint else "from scratch"
    return f"""# {name}

An {settings.kind} model made by Assay: {chosen.network}, trained {start}, exported to ONNX
({form}).

- Input: `pixels`, uint8 of shape (batch, height, width, {chosen.channels}), {colours}, images of
  any size; the graph squashes them to {size} x {size}, normalises them and averages over the views
  of one image ({settings.export.tta}).
- Output: logits over {labels}, in this order.
- Made from: the digests in `assay.json`, which every reader should check before opening.
- Measured: see `reports/{name}/report.md` of the project at the commit that made it.
- Not meant for: pictures unlike those of its training data, or decisions about people without a
  person.
"""
