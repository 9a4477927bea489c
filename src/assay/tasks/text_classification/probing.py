"""Fit the linear probe of a text network: the best head on the features of its frozen encoder.

Reads and writes the probe of a training that runs, beside that training's state: one that is killed
and resumed does not look at every text again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError

from assay import ranks
from assay.files import replacing
from assay.learning import probe as linear
from assay.learning.precision import in_bf16
from assay.objectives.classification import metrics
from assay.progress import say
from assay.tasks.text_classification import frozen, inference
from assay.tasks.text_classification.frozen import FrozenProbe

if TYPE_CHECKING:
    from pathlib import Path

    from assay.learning.run import TrainingRun
    from assay.tasks.text_classification.network import TextClassifier
    from assay.tasks.text_classification.splits import Splits


def fitted_once(
    model: TextClassifier, splits: Splits, precision: str, run: TrainingRun
) -> FrozenProbe:
    """Return the probe that this very training fitted before it was killed, or fit it."""
    kept = run.state / frozen.FILE
    found = _kept(kept, run.digest)
    if found is None:
        found = fit(model, splits, precision)
        if ranks.is_first():
            with replacing(kept) as beside:
                frozen.write(found, beside, digest=run.digest)
    return found


def fit(model: TextClassifier, splits: Splits, precision: str) -> FrozenProbe:
    """Return the linear head of the best macro F1 on the validation split, the encoder frozen."""
    bf16 = in_bf16(precision)
    learned = inference.features(model, splits.train.encoding, bf16=bf16)
    asked = inference.features(model, splits.validation.encoding, bf16=bf16)

    def score(logits: torch.Tensor) -> float:
        return metrics.macro_f1(splits.validation.labels, logits.argmax(1).numpy())

    targets = torch.from_numpy(splits.train.targets)
    fitted = linear.fit(learned, targets, splits.classes, asked, score)
    say(
        f"train: linear probe on the frozen encoder: validation {metrics.TITLES['macro_f1']} "
        f"{fitted.score:.4f} (penalty {fitted.penalty:g})"
    )
    probe = fitted.probe
    return FrozenProbe(probe.weight, probe.bias, probe.logits(asked))


def _kept(file: Path, digest: str) -> FrozenProbe | None:
    try:
        return frozen.read(file, digest=digest)
    except (FileNotFoundError, SafetensorError):
        return None
