"""From the trained checkpoint to the bundle that is served.

Reads the checkpoint and the validation split. Writes the bundle's folder: ``model.onnx``, the
tokenizer, ``assay.json`` and a model card. Which precision ships is decided in ``bundling``.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from assay import bundle
from assay.gateways import onnx as gateway
from assay.inputs import text
from assay.learning import seeding
from assay.progress import say
from assay.tasks import bundling
from assay.tasks.text_classification import network, parity, train

if TYPE_CHECKING:
    from pathlib import Path

    from assay.artifacts import Artifacts
    from assay.settings.text import TextModel

TASK = "text-classification"
DYNAMIC = {0: "batch", 1: "length"}
INPUTS = ("input_ids", "attention_mask")


class _Logits(torch.nn.Module):
    """The network as a function of two tensors that returns one."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self._model(
            input_ids=input_ids, attention_mask=attention_mask
        ).logits
        return answer


def export(
    settings: TextModel, files: Artifacts, folder: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the bundle to ``folder``; return the parity report and what was timed.

    Raises:
        PartedWays: ONNX and torch give different answers.

    """
    seeding.make_deterministic(0, settings.export.threads)
    model = network.load(files.checkpoint, settings.labels, dropout=0.0).eval()
    facts = bundling.facts(settings, files)
    example = torch.ones((2, 16), dtype=torch.int64)
    say("export: tracing the network")
    graph = gateway.from_torch(
        _Logits(model), dict.fromkeys(INPUTS, example), dict.fromkeys(INPUTS, DYNAMIC), ["logits"]
    )
    fp32 = gateway.serialize(graph, facts | {"assay.precision": "fp32"})
    # What GELU gives out has far outliers, and one scale for all of it costs accuracy: the six
    # products that read it stay fp32 (docs/decisions/0004).
    small = gateway.quantize(graph, keep=gateway.readers(graph, "Gelu"))
    int8 = gateway.serialize(small, facts | {"assay.precision": "int8"})
    largest = parity.grid(model, fp32, settings.export.threads)
    trial, expected = _trial(settings, files, model)
    report = trial.compare(fp32, int8, expected, largest, settings.export)
    served = int8 if report["precision"] == "int8" else fp32
    _write(folder, served, settings, files, report["precision"])
    return report, trial.timings({"fp32": fp32, "int8": int8})


def _trial(
    settings: TextModel, files: Artifacts, model: Any
) -> tuple[bundling.Trial, np.ndarray[Any, Any]]:
    """Return the validation split for both precisions, and torch's logits of it."""
    rows = pd.read_parquet(files.split("validation"), columns=["text", "label"])
    encode = text.TextEncoder(files.checkpoint / text.TOKENIZER, settings.train.max_length)
    encoding = encode(rows["text"].tolist())
    place = {name: number for number, name in enumerate(settings.labels)}
    trial = bundling.Trial(
        encoding,
        text.Encoding(encoding.ids[: bundling.TIMED_ROWS], 0),
        np.array([place[label] for label in rows["label"]]),
        len(settings.labels),
        settings.export.threads,
    )
    return trial, train.logits(model, encoding).numpy()


def _write(
    folder: Path, model: bytes, settings: TextModel, files: Artifacts, precision: str
) -> None:
    folder.mkdir(parents=True)
    shutil.copyfile(files.checkpoint / text.TOKENIZER, folder / text.TOKENIZER)
    told = {
        "task": TASK,
        "labels": list(settings.labels),
        "precision": precision,
        "inputs": list(INPUTS),
        "max_length": settings.train.max_length,
    }
    bundling.write(folder, model, files, told, _card(files.model, settings, precision))


def _card(name: str, settings: TextModel, precision: str) -> str:
    labels = ", ".join(f"`{label}`" for label in settings.labels)
    return f"""# {name}

A {TASK} model made by Assay: BERT from `{settings.train.checkpoint}`, exported to ONNX
({precision}).

- Input: text, cut at {settings.train.max_length} tokens.
- Output: logits over {labels}, in this order.
- Made from: the digests in `{bundle.MANIFEST}`, which every reader should check before opening.
- Measured: see `reports/{name}/report.md` of the project at the commit that made it.
- Not meant for: languages and subjects other than those of its training data, or decisions about
  people without a person.
"""
