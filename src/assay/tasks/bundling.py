"""What every task's export does alike: try both precisions, choose one, write the bundle.

Reads nothing but what it is given; writes the bundle's folder. int8 ships only when it loses no
more than the settings allow and the processor class multiplies it; a timing decides nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay import artifacts, bundle, processor
from assay.progress import Progress, say
from assay.scoring import metrics
from assay.tasks import agreement

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assay.artifacts import Artifacts
    from assay.inputs import Encoded
    from assay.settings.schema import Export, Model

    Logits = np.ndarray[Any, Any]

BATCH = 32
# Rows of the validation split that fp32 and int8 are timed on, and how often: in turns, and the
# first round warms up.
TIMED_ROWS, ROUNDS = 256, 4


@dataclass(frozen=True)
class Trial:
    """The validation split, on which precisions are held against each other."""

    encoded: Encoded
    sample: Encoded  # the first TIMED_ROWS of them
    labels: np.ndarray[Any, Any]  # int64 class numbers, in the rows' order
    classes: int
    threads: int

    def compare(
        self, fp32: bytes, int8: bytes, expected: Logits, largest: float, settings: Export
    ) -> dict[str, Any]:
        """Return the report, whose ``precision`` is what earned to be served.

        ``expected``: torch's fp32 logits of the split; ``largest``: the grid's difference.

        Raises:
            PartedWays: a row gets another class from ONNX than from torch.

        """
        full = self.logits(fp32, "validation, fp32")
        small = self.logits(int8, "validation, int8")
        agreeing = agreement.same_answers(expected, full)
        scores = {"fp32": self._macro_f1(full), "int8": self._macro_f1(small)}
        drop = scores["fp32"] - scores["int8"]
        fast = processor.has_instructions(processor.INT8_INSTRUCTIONS)
        precision, reason = earned(settings, drop, fast=fast)
        say(f"export: {precision}, since {reason}")
        return {
            "grid_max_abs_diff": significant(largest),
            "validation_max_abs_diff": significant(float(np.abs(expected - full).max())),
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

    def timings(self, models: Mapping[str, bytes]) -> dict[str, Any]:
        """Time fp32 and int8 in turns; return the median rows a second of each."""
        some = list(self.sample.batches(BATCH))
        count = sum(len(rows) for rows, _ in some)
        sessions = {name: bundle.open_session(m, self.threads) for name, m in models.items()}
        seconds: dict[str, list[float]] = {name: [] for name in models}
        for _ in range(ROUNDS):
            for name, session in sessions.items():
                wanted = [entry.name for entry in session.get_inputs()]
                started = time.perf_counter()
                for _rows, feeds in some:
                    session.run(None, {key: feeds[key] for key in wanted})
                seconds[name].append(time.perf_counter() - started)
        rate = {name: count / float(np.median(took[1:])) for name, took in seconds.items()}
        provider = next(iter(sessions.values())).get_providers()[0]
        return {
            **{f"rows_per_second_{name}": round(value, 1) for name, value in rate.items()},
            "int8_speedup": round(rate["int8"] / rate["fp32"], 2),
            "provider": provider,
            "processor": processor.processor_class(),
            "threads": self.threads,
        }

    def logits(self, model: bytes, name: str) -> Logits:
        """Return a graph's float32 logits (rows, classes) of the split."""
        session = bundle.open_session(model, self.threads)
        wanted = [entry.name for entry in session.get_inputs()]
        answer = np.zeros((len(self.labels), self.classes), dtype=np.float32)
        with Progress(name, len(answer)) as bar:
            for rows, feeds in self.encoded.batches(BATCH):
                answer[rows] = session.run(None, {key: feeds[key] for key in wanted})[0]
                bar.advance(len(rows))
        return answer

    def _macro_f1(self, logits: Logits) -> float:
        return metrics.macro_f1(self.labels, logits.argmax(axis=1))


def earned(settings: Export, drop: float, *, fast: bool) -> tuple[str, str]:
    """Return the precision to serve and the reason, from facts that do not vary."""
    lost = f"int8 costs {drop:.4f} of validation macro F1 (allowed: {settings.max_f1_drop})"
    if settings.precision != "auto":
        return settings.precision, f"export.precision asks for it; {lost}"
    if drop > settings.max_f1_drop:
        return "fp32", lost
    if not fast:
        return "fp32", "this processor class has no int8 instructions"
    return "int8", lost


def significant(value: float) -> float:
    """Round to one digit: the last bits of a difference may depend on the runtime's build."""
    return float(f"{value:.0e}")


def facts(settings: Model, files: Artifacts) -> dict[str, str]:
    """Return what the graph itself carries: labels and what it was made from."""
    return {
        "assay.task": settings.task,
        "assay.labels": "\n".join(settings.labels),
        "assay.weights": artifacts.sha256(files.checkpoint),
        "assay.train": artifacts.sha256(files.split("train")),
    }


def write(folder: Path, model: bytes, files: Artifacts, told: Mapping[str, Any], card: str) -> None:
    """Write graph, card and manifest into ``folder``, which may hold more of the bundle already.

    ``told``: what the manifest says beside fingerprints and digests.
    """
    (folder / bundle.MODEL).write_bytes(model)
    (folder / "README.md").write_text(card, encoding="utf-8")
    manifest = {
        **told,
        "model": files.model,
        "fingerprints": {
            "weights": artifacts.sha256(files.checkpoint),
            "train": artifacts.sha256(files.split("train")),
            "validation": artifacts.sha256(files.split("validation")),
        },
    }
    bundle.write_manifest(folder, manifest)
