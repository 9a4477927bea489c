"""From the trained checkpoint to the bundle that is served.

Reads the checkpoint and the validation split. Writes the bundle's folder: ``model.onnx``, the
tokenizer, ``assay.json`` and a model card. The objective decides which precision ships.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pandas as pd

from assay.bundle import manifest, writing
from assay.gateways import onnx as gateway
from assay.learning import seeding
from assay.modalities.text import encoding as text
from assay.objectives.classification import precision
from assay.objectives.classification.labels import numbers
from assay.objectives.classification.precision import Graphs, Trial
from assay.progress import say
from assay.tasks.text_classification import graph, inference, networks, parity
from assay.tasks.text_classification.golden import drawn
from assay.tasks.text_classification.ngrams import BagOfNgrams
from assay.tasks.text_classification.recurrent import Recurrent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.bundle.golden import Feeds
    from assay.paths import ModelPaths
    from assay.records import Parity, Timings
    from assay.tasks.text_classification.networks import TextNetwork
    from assay.tasks.text_classification.settings import TextClassificationModel

# What a model card says of each network, before what it started from.
LEARNED = {
    "bert": "an encoder fine-tuned from",
    "lstm": "a bidirectional LSTM trained from",
    "bow": "a bag of n-grams trained from",
}
EXAMPLE_SIZES = {"batch": 1, "length": 8}


def export(
    settings: TextClassificationModel, files: ModelPaths, folder: Path
) -> tuple[Parity, Timings]:
    """Write the bundle to ``folder``; return the parity report and what was timed.

    Raises:
        ParityFailed: ONNX and torch give different answers.

    """
    seeding.make_deterministic(0, settings.export.threads)
    model = networks.trained(files.checkpoint, settings)
    rows = pd.read_parquet(files.split("validation"), columns=["text", "label"])
    encode = text.TextEncoder(
        files.checkpoint / text.TOKENIZER, settings.train.max_length, settings.train.tail
    )
    encoding = encode(rows["text"].tolist())
    trial = _trial(encoding, rows["label"].tolist(), settings)
    graphs = trial.calibrated(_graphs(model, writing.metadata(settings, files)), settings.export)
    largest = parity.grid(model, graphs, settings.export.threads)
    expected = inference.logits(model, encoding).numpy()
    report = trial.compare(graphs, expected, largest, settings.export)
    golden = drawn(encoding.ids)
    _write(folder, graphs, report, golden, settings, files)
    return report, trial.timings(graphs)


def _graphs(model: TextNetwork, metadata: dict[str, str]) -> Graphs:
    """Return the network as ONNX in both precisions."""
    say("export: tracing the network")
    plain = graph.traced(model)
    fp32 = gateway.serialize(plain, metadata | {"assay.precision": "fp32"})
    small = gateway.quantize_dynamic(plain)
    if isinstance(model, (BagOfNgrams, Recurrent)):
        # Most of such a network is tables, which an encoder keeps as they are.
        small = gateway.quantize_embeddings(small)
    return Graphs(fp32, gateway.serialize(small, metadata | {"assay.precision": "int8"}))


def _trial(
    encoding: text.Encoding, labels: Sequence[str], settings: TextClassificationModel
) -> Trial:
    """Return the validation split for both precisions."""
    return Trial(
        encoding,
        text.Encoding(encoding.ids[: precision.TIMED_ROWS], 0),
        numbers(labels, settings.labels),
        len(settings.labels),
        settings.export.threads,
    )


def _write(
    folder: Path,
    graphs: Graphs,
    report: Parity,
    golden: Sequence[Feeds],
    settings: TextClassificationModel,
    files: ModelPaths,
) -> None:
    folder.mkdir(parents=True)
    shutil.copyfile(files.checkpoint / text.TOKENIZER, folder / text.TOKENIZER)
    content = writing.Content(
        graph=graphs.of(report.precision),
        precision=report.precision,
        fp32=graphs.fp32,
        fallback=settings.export.fallback,
        golden=golden,
        card=_card(files.model, settings, report.precision),
        sizes=EXAMPLE_SIZES,
        encoder={"max_length": settings.train.max_length, "tail": settings.train.tail},
        threshold=report.threshold,
    )
    writing.write(folder, content, settings, files)


def _card(name: str, settings: TextClassificationModel, form: str) -> str:
    labels = ", ".join(f"`{label}`" for label in settings.labels)
    chosen = settings.train
    origin = f"`{chosen.checkpoint}`" if chosen.checkpoint else "random weights"
    return f"""# {name}

A {settings.kind} model made by Assay: {LEARNED[chosen.network]}
{origin}, exported to ONNX ({form}).

- Input: text, cut at {chosen.max_length} tokens.
- Output: `logits` over {labels}, in this order; `embedding`, what they are read from.
- Made from: the digests in `{manifest.MANIFEST}`, which every reader should check before opening.
- Measured: see `reports/{name}/report.md` of the project at the commit that made it.
- Not meant for: languages and subjects other than those of its training data, or decisions about
  people without a person.
"""
