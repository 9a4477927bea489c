"""From the trained checkpoint to the bundle that is served.

Reads the checkpoint and the validation split. Writes the bundle's folder: ``model.onnx``, the
tokenizer, ``assay.json`` and a model card. int8 ships only when it loses no more than the settings
allow and the processor class multiplies it; a timing decides nothing.
"""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from assay import artifacts, bundle, processor
from assay.gateways import onnx as gateway
from assay.inputs import text
from assay.learning import seeding
from assay.progress import Progress, say
from assay.scoring import metrics
from assay.tasks.text_classification import network, parity

if TYPE_CHECKING:
    from pathlib import Path

    from assay.artifacts import Artifacts
    from assay.inputs.text import Encoding
    from assay.settings.schema import Export
    from assay.settings.text import TextModel

TASK = "text-classification"
BATCH = 32
DYNAMIC = {0: "batch", 1: "length"}
INPUTS = ("input_ids", "attention_mask")
# Rows of the validation split that fp32 and int8 are timed on, in pairs.
TIMED_ROWS = 256


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
    facts = _facts(settings, files)
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
    trial = _Trial(settings, files, model)
    report, served = trial.compare(fp32, int8, settings.export)
    precision = report["precision"]
    _write(folder, served, settings, files, facts, precision)
    return report, trial.timings({"fp32": fp32, "int8": int8})


def _facts(settings: TextModel, files: Artifacts) -> dict[str, str]:
    """Return what the graph itself carries: labels and what it was made from."""
    return {
        "assay.task": TASK,
        "assay.labels": "\n".join(settings.labels),
        "assay.weights": artifacts.sha256(files.checkpoint),
        "assay.train": artifacts.sha256(files.split("train")),
    }


class _Trial:
    """The validation split, on which precisions are held against each other."""

    def __init__(self, settings: TextModel, files: Artifacts, model: Any) -> None:
        self._model, self._threads = model, settings.export.threads
        rows = pd.read_parquet(files.split("validation"), columns=["text", "label"])
        encode = text.TextEncoder(files.checkpoint / text.TOKENIZER, settings.train.max_length)
        self._encoding: Encoding = encode(rows["text"].tolist())
        place = {name: number for number, name in enumerate(settings.labels)}
        self._labels = np.array([place[label] for label in rows["label"]])

    def compare(self, fp32: bytes, int8: bytes, settings: Export) -> tuple[dict[str, Any], bytes]:
        """Return the report and the bytes that earned to be served."""
        largest = parity.grid(self._model, fp32, self._threads)
        expected = parity.torch_logits(self._model, self._encoding)
        full = self._logits(fp32, "validation, fp32")
        small = self._logits(int8, "validation, int8")
        agreeing = parity.same_answers(expected, full)
        scores = {"fp32": self._macro_f1(full), "int8": self._macro_f1(small)}
        drop = scores["fp32"] - scores["int8"]
        fast = processor.has_instructions(processor.INT8_INSTRUCTIONS)
        precision, reason = _earned(settings, drop, fast)
        report = {
            "grid_max_abs_diff": _significant(largest),
            "validation_max_abs_diff": _significant(float(np.abs(expected.numpy() - full).max())),
            "validation_rows": agreeing,
            "top1_equal": 1.0,
            "macro_f1_fp32": round(scores["fp32"], 6),
            "macro_f1_int8": round(scores["int8"], 6),
            "macro_f1_drop": round(drop, 6),
            "top1_equal_int8": round(float((full.argmax(1) == small.argmax(1)).mean()), 6),
            "megabytes_fp32": round(len(fp32) / 1e6, 1),
            "megabytes_int8": round(len(int8) / 1e6, 1),
            "int8_instructions": fast,
            "precision": precision,
            "reason": reason,
        }
        say(f"export: {precision}, since {reason}")
        return report, int8 if precision == "int8" else fp32

    def timings(self, models: dict[str, bytes]) -> dict[str, Any]:
        """Time the precisions in turn, three rounds; return the median rows a second of each."""
        some = text.Encoding(self._encoding.ids[:TIMED_ROWS], 0)
        sessions = {
            name: bundle.open_session(model, self._threads) for name, model in models.items()
        }
        seconds: dict[str, list[float]] = {name: [] for name in models}
        for _ in range(4):
            for name, session in sessions.items():
                started = time.perf_counter()
                for _rows, feeds in some.batches(BATCH):
                    session.run(None, {i.name: feeds[i.name] for i in session.get_inputs()})
                seconds[name].append(time.perf_counter() - started)
        # The first round warms up.
        rate = {name: len(some.ids) / float(np.median(took[1:])) for name, took in seconds.items()}
        provider = next(iter(sessions.values())).get_providers()[0]
        return {
            **{f"rows_per_second_{name}": round(value, 1) for name, value in rate.items()},
            "int8_speedup": round(rate["int8"] / rate["fp32"], 2),
            "provider": provider,
            "processor": processor.processor_class(),
            "threads": self._threads,
        }

    def _logits(self, model: bytes, name: str) -> np.ndarray[Any, Any]:
        session = bundle.open_session(model, self._threads)
        wanted = [entry.name for entry in session.get_inputs()]
        answer = np.zeros((len(self._labels), self._model.config.num_labels), dtype=np.float32)
        with Progress(name, len(answer)) as bar:
            for rows, feeds in self._encoding.batches(BATCH):
                answer[rows] = session.run(None, {key: feeds[key] for key in wanted})[0]
                bar.advance(len(rows))
        return answer

    def _macro_f1(self, logits: np.ndarray[Any, Any]) -> float:
        return metrics.macro_f1(self._labels, logits.argmax(axis=1))


def _earned(settings: Export, drop: float, fast: bool) -> tuple[str, str]:
    """Return the precision to serve and the reason, from facts that do not vary."""
    lost = f"int8 costs {drop:.4f} of validation macro F1 (allowed: {settings.max_f1_drop})"
    if settings.precision != "auto":
        return settings.precision, f"export.precision asks for it; {lost}"
    if drop > settings.max_f1_drop:
        return "fp32", lost
    if not fast:
        return "fp32", "this processor class has no int8 instructions"
    return "int8", lost


def _significant(value: float) -> float:
    """Round to one digit: the last bits of a difference may depend on the runtime's build."""
    return float(f"{value:.0e}")


def _write(
    folder: Path,
    model: bytes,
    settings: TextModel,
    files: Artifacts,
    facts: dict[str, str],
    precision: str,
) -> None:
    folder.mkdir(parents=True)
    (folder / bundle.MODEL).write_bytes(model)
    shutil.copyfile(files.checkpoint / text.TOKENIZER, folder / text.TOKENIZER)
    (folder / "README.md").write_text(_card(files.model, settings, precision), encoding="utf-8")
    manifest = {
        "task": TASK,
        "model": files.model,
        "labels": list(settings.labels),
        "precision": precision,
        "inputs": list(INPUTS),
        "max_length": settings.train.max_length,
        "fingerprints": {
            "weights": facts["assay.weights"],
            "train": facts["assay.train"],
            "validation": artifacts.sha256(files.split("validation")),
        },
        "files": {path.name: artifacts.sha256(path) for path in sorted(folder.iterdir())},
    }
    artifacts.write_json(folder / bundle.MANIFEST, manifest)


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
