"""Train BERT on the train split, choose its best epoch on the validation split.

Reads the two split tables and the pretrained checkpoint. Writes the checkpoint's folder and the
curve. Never sees the test split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from assay import artifacts, processor, ranks
from assay.inputs.text import Encoding, TextEncoder, padded
from assay.learning import curve as curves
from assay.learning import loop, recipe, seeding
from assay.learning.bucketing import bucketed
from assay.learning.resumption import Resumption
from assay.progress import say
from assay.scoring import metrics
from assay.tasks.text_classification import checkpoint as checkpoints
from assay.tasks.text_classification import network, targets

if TYPE_CHECKING:
    from pathlib import Path

    from assay.artifacts import Artifacts
    from assay.gateways.tracking import Journal
    from assay.settings.text import TextModel

VALIDATION_BATCH = 64


def train(
    settings: TextModel, files: Artifacts, checkpoint: Path, curve: Path, journal: Journal
) -> None:
    """Write the best weights to ``checkpoint`` and the curve to ``curve``.

    Raises:
        SettingsError: the pretrained checkpoint cannot be found or is no BERT.
        Diverged: the loss is not finite.

    """
    source = checkpoints.locate(settings.train.checkpoint)
    seeding.make_deterministic(settings.train.seed, settings.train.threads)
    taught = lesson(settings, files, source)
    model = network.load(source, settings.labels, settings.train.dropout, new_head=True)
    network.require_length(model, settings.train.max_length)
    resumption = Resumption(files.resume, fingerprint(settings, files, source))
    training = loop.Training(
        model, taught, recipe.plain(settings.train), settings.train, resumption, journal
    )
    rows = training.run()
    network.save(model, source, checkpoint)
    curves.write(curve, rows)


def fingerprint(settings: TextModel, files: Artifacts, source: Path) -> str:
    """Return what decides this training's bytes: settings, data, checkpoint, code, machine."""
    return artifacts.digest_of(
        settings.train.model_dump_json(),
        " ".join(settings.labels),
        artifacts.sha256(files.split("train")),
        artifacts.sha256(files.split("validation")),
        artifacts.sha256(source),
        artifacts.code_digest(),
        processor.processor_class(),
        torch.__version__,
        f"{ranks.world_size()} processes",
    )


def lesson(settings: TextModel, files: Artifacts, source: Path) -> loop.Lesson:
    """Return what is learned: both splits encoded by the tokenizer in the folder ``source``."""
    encode = TextEncoder(source / "tokenizer.json", settings.train.max_length)
    learning, judging = (_Rows(files.split(name), encode, settings) for name in _USED)
    cut = learning.encoding.truncated
    if cut:
        say(f"train: {cut:,} texts are longer than {settings.train.max_length} tokens and were cut")
    lengths = [len(ids) for ids in learning.encoding.ids]
    return loop.Lesson(
        batches=lambda epoch: bucketed(
            lengths, settings.train.batch_size, settings.train.seed, epoch
        ),
        collate=lambda rows, _epoch: learning.collate(rows),
        loss=network.loss,
        validate=lambda model: scores(model, judging.encoding, judging.labels),
        size=lambda batch: int(batch["attention_mask"].sum()),
    )


_USED = ("train", "validation")


class _Rows:
    """One split, encoded."""

    def __init__(self, table: Path, encode: TextEncoder, settings: TextModel) -> None:
        rows = pd.read_parquet(table)
        self.encoding = encode(rows["text"].tolist())
        self.labels = targets.numbers(rows, settings.labels)
        soft = settings.train.soft_labels
        self._targets = targets.targets(rows, settings.labels, soft=soft)

    def collate(self, rows: list[int]) -> dict[str, torch.Tensor]:
        """Return padded tensors of some rows, with what they are learned as."""
        feeds = padded([self.encoding.ids[row] for row in rows])
        return {
            **{name: torch.from_numpy(array) for name, array in feeds.items()},
            "labels": torch.from_numpy(self._targets[rows]),
        }


def logits(model: Any, encoding: Encoding, batch_size: int = VALIDATION_BATCH) -> torch.Tensor:
    """Return float32 logits (rows, classes) of the torch network, in the rows' order."""
    device = next(model.parameters()).device
    answer: list[torch.Tensor] = []
    order: list[int] = []
    with torch.inference_mode():
        for rows, feeds in encoding.batches(batch_size):
            tensors = {name: torch.from_numpy(array).to(device) for name, array in feeds.items()}
            answer.append(model(**tensors).logits.float().cpu())
            order += rows
    return torch.cat(answer)[torch.tensor(np.argsort(order))]


def scores(model: Any, encoding: Encoding, labels: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return the validation split's loss, accuracy and macro F1."""
    found = logits(model, encoding)
    loss = torch.nn.functional.cross_entropy(found, torch.from_numpy(labels))
    predicted = found.argmax(dim=1).numpy()
    return {
        "validation_loss": float(loss),
        "validation_accuracy": float((predicted == labels).mean()),
        "validation_macro_f1": metrics.macro_f1(labels, predicted),
    }
