"""Train the perceptron on the train split, choose its best epoch by the validation loss.

Reads the two split tables. Writes the checkpoint's folder and the curve. Never sees the test split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from assay.learning import curve, loop, recipe, seeding
from assay.learning.batching import shuffled
from assay.objectives.classification import metrics
from assay.objectives.classification.labels import numbers as class_numbers
from assay.tasks.table_classification import network
from assay.tasks.table_classification.preprocessing import codes, vocabulary

if TYPE_CHECKING:
    from assay.learning.run import TrainingRun
    from assay.paths import ModelPaths
    from assay.tasks.table_classification.network import Mlp, Shape
    from assay.tasks.table_classification.settings import TableClassificationModel


def train(settings: TableClassificationModel, files: ModelPaths, run: TrainingRun) -> None:
    """Write the best weights and the curve to where ``run`` says.

    Raises:
        Diverged: the loss is not finite.

    """
    seeding.make_deterministic(settings.train.seed, settings.train.threads)
    table = pd.read_parquet(files.split("train"))
    model = network.Mlp(shape_of(table, settings))
    train_rows = Rows(table, model.shape)
    validation_rows = Rows(pd.read_parquet(files.split("validation")), model.shape)
    if model.shape.numbers:
        model.numbers.fit(train_rows.numbers)
    training = loop.Training(
        model,
        setup(settings, train_rows, validation_rows),
        recipe.fine_tuning(settings.train),
        settings.train,
        run,
    )
    rows = training.run()
    network.save(model, run.checkpoint)
    curve.write(run.curve, rows)


def shape_of(table: pd.DataFrame, settings: TableClassificationModel) -> Shape:
    """Return the network's shape: the columns, and the categories that the train split knows."""
    chosen = settings.train
    return network.Shape(
        numbers=list(settings.ingest.numbers),
        vocabularies={
            name: vocabulary(table[name], chosen.min_category_rows)
            for name in settings.ingest.categories
        },
        labels=list(settings.labels),
        hidden=chosen.hidden,
        dropout=chosen.dropout,
        scaling=chosen.scaling,
        quantiles=chosen.quantiles,
        embedding=chosen.embedding,
    )


class Rows:
    """One split in memory.

    Attributes:
        numbers: float32 of shape (rows, columns), NaN where missing.
        codes: category numbers, int64 of shape (rows, columns).
        labels: class numbers, int64 of shape (rows,).

    """

    def __init__(self, table: pd.DataFrame, shape: Shape) -> None:
        """Take the columns of ``shape``."""
        # A copy: what pandas hands out may not be written to, which torch does not take.
        numbers = np.array(table[shape.numbers], dtype=np.float32)
        self.numbers = torch.from_numpy(numbers.reshape(len(table), len(shape.numbers)))
        self.codes = codes(table, shape.vocabularies)
        self.labels = class_numbers(table["label"].tolist(), shape.labels)

    def batch(self, rows: list[int]) -> dict[str, torch.Tensor]:
        """Return the tensors of some rows."""
        return {
            "numbers": self.numbers[rows],
            "codes": self.codes[rows],
            "labels": torch.from_numpy(self.labels[rows]),
        }


def setup(
    settings: TableClassificationModel, train_rows: Rows, validation_rows: Rows
) -> loop.TrainingSetup:
    """Return what is learned; the best epoch is the one of the least validation loss."""
    chosen = settings.train
    return loop.TrainingSetup(
        batches=lambda epoch: shuffled(
            len(train_rows.labels), chosen.batch_size, chosen.seed, epoch
        ),
        collate=lambda rows, _epoch: train_rows.batch(rows),
        loss=lambda model, batch: network.loss(_bare(model), batch),
        validate=lambda model: scores(_bare(model), validation_rows),
        size=lambda batch: len(batch["labels"]),
        selection=loop.Selection("validation_loss", "loss", higher_is_better=False),
    )


def _bare(model: torch.nn.Module) -> Mlp:
    """Return the network itself; of several processes each has it wrapped."""
    inner = getattr(model, "module", model)
    if not isinstance(inner, network.Mlp):
        raise TypeError(f"not the network of this task: {type(inner).__name__}")
    return inner


def scores(model: Mlp, rows: Rows) -> dict[str, float]:
    """Return the validation split's loss, accuracy and macro F1."""
    with torch.inference_mode():
        found = model(rows.numbers, rows.codes).float()
    predicted = found.argmax(dim=1).numpy()
    loss = torch.nn.functional.cross_entropy(found, torch.from_numpy(rows.labels))
    return {
        "validation_loss": float(loss),
        "validation_accuracy": float((predicted == rows.labels).mean()),
        "validation_macro_f1": metrics.macro_f1(rows.labels, predicted),
    }
