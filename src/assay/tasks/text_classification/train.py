"""Learn from the train split, choose the best epoch on the validation split.

Reads the two split tables, the pretrained checkpoint where an encoder is fine-tuned, and, where
there is a teacher, what ``answers`` reads. Writes the checkpoint's folder and the curve. Never sees
the test split.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from assay.learning import curve, loop, recipe, seeding
from assay.learning.batching import bucketed
from assay.modalities.text import vocabulary, words
from assay.objectives.classification import metrics
from assay.progress import say
from assay.tasks.text_classification import (
    checkpoint,
    distillation,
    frozen,
    inference,
    network,
    probing,
    scratch,
    teacher_logits,
)
from assay.tasks.text_classification.splits import Splits, train_texts
from assay.tasks.text_classification.start import Start

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from assay.learning.run import TrainingRun
    from assay.modalities.text.encoding import Encoding
    from assay.paths import ModelPaths
    from assay.tasks.text_classification.settings import TextClassificationModel
    from assay.tasks.text_classification.splits import Rows


def train(settings: TextClassificationModel, files: ModelPaths, run: TrainingRun) -> None:
    """Write the best weights and the curve to where ``run`` says; an encoder's probe too.

    Raises:
        SettingsError: the checkpoint cannot be found, or does not fit the settings.
        SettingsError, InputRefused, DataRefused: as :func:`teacher_logits.computed_once`.
        Diverged: the loss is not finite.

    """
    seeding.make_deterministic(settings.train.seed, settings.train.threads)
    logits = teacher_logits.computed_once(settings, files, run)
    learn = _fine_tune if settings.train.network == "bert" else _from_scratch
    curve.write(run.curve, learn(settings, files, logits, run))


def _fine_tune(
    settings: TextClassificationModel,
    files: ModelPaths,
    logits: torch.Tensor | None,
    run: TrainingRun,
) -> list[dict[str, float]]:
    """Fine-tune a pretrained encoder; return the curve's rows."""
    chosen = settings.train
    start = Start.chosen(settings, train_texts(files))
    splits = Splits.of(settings, files, start.tokenizer)
    model = start.network(settings)
    network.require_length(model, chosen.max_length)
    if torch.cuda.is_available():
        model.to("cuda")  # the probe looks at every text, before the loop moves the model there
    # In every mode: it is what the report stands fine-tuning beside.
    probe = probing.fitted_once(model, splits, chosen.precision, run)
    if chosen.mode != "finetune":
        network.set_head(model, probe.weight, probe.bias)
    if chosen.freeze_embeddings:
        network.freeze_embeddings(model)
    plan = chosen.model_copy(update={"epochs": 0}) if chosen.mode == "probe" else chosen
    learning = recipe.fine_tuning(chosen, model.classifier, chosen.head_rate)
    training = loop.Training(model, setup(settings, splits, logits), learning, plan, run)
    rows = training.run()
    network.save(model, start.tokenizer, start.folder, run.checkpoint)
    frozen.write(probe, run.checkpoint / frozen.FILE)
    return rows


def _from_scratch(
    settings: TextClassificationModel,
    files: ModelPaths,
    logits: torch.Tensor | None,
    run: TrainingRun,
) -> list[dict[str, float]]:
    """Train a network of random weights; return the curve's rows."""
    chosen = settings.train
    tokenizer = words.tokenizer(train_texts(files), chosen.vocabulary)
    say(f"train: the training texts make a tokenizer of {vocabulary.size(tokenizer):,} pieces")
    splits = Splits.of(settings, files, tokenizer)
    model = scratch.fresh(chosen, tokenizer, splits.classes)
    # Look-ups and small products gain nothing from bf16.
    plan = chosen.model_copy(update={"precision": "fp32"}) if chosen.precision == "auto" else chosen
    learning = recipe.fine_tuning(chosen)
    training = loop.Training(model, setup(settings, splits, logits), learning, plan, run)
    rows = training.run()
    checkpoint.write(run.checkpoint, model.state_dict(), tokenizer)
    return rows


def setup(
    settings: TextClassificationModel, splits: Splits, logits: torch.Tensor | None = None
) -> loop.TrainingSetup:
    """Return what is learned of both splits.

    ``logits``: the teacher's logits of the train split, float32 (rows, classes).
    """
    train_rows, validation_rows = splits.train, splits.validation
    lengths = [len(ids) for ids in train_rows.encoding.ids]
    return loop.TrainingSetup(
        batches=lambda epoch: bucketed(
            lengths, settings.train.batch_size, settings.train.seed, epoch
        ),
        collate=lambda rows, _epoch: _batch(train_rows, rows, logits),
        loss=_loss(settings, _class_weights(settings, train_rows.labels)),
        validate=lambda model: scores(model, validation_rows.encoding, validation_rows.labels),
        size=lambda batch: int(batch["attention_mask"].sum()),
        selection=loop.Selection(metrics.SELECTION, metrics.TITLES["macro_f1"]),
        from_good_start=settings.train.network == "bert" and settings.train.mode != "finetune",
    )


def _batch(split: Rows, rows: list[int], logits: torch.Tensor | None) -> dict[str, torch.Tensor]:
    """Return some rows' tensors, with the teacher's logits where there is one."""
    batch = split.collate(rows)
    return batch if logits is None else {**batch, distillation.TEACHER: logits[rows]}


def _loss(
    settings: TextClassificationModel, class_weights: torch.Tensor | None
) -> Callable[[torch.nn.Module, dict[str, torch.Tensor]], torch.Tensor]:
    if settings.train.teacher is None:
        return partial(network.loss, class_weights=class_weights)
    return partial(distillation.loss, chosen=settings.train.teacher, class_weights=class_weights)


def _class_weights(
    settings: TextClassificationModel, labels: np.ndarray[Any, Any]
) -> torch.Tensor | None:
    """Return rows / (classes * rows of the class), as scikit-learn's ``balanced``."""
    if settings.train.class_weights == "none":
        return None
    counts = torch.bincount(torch.from_numpy(labels), minlength=len(settings.labels))
    return len(labels) / (len(settings.labels) * counts.clamp(min=1).float())


def scores(model: Any, encoding: Encoding, labels: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return the validation split's loss, accuracy and macro F1."""
    found = inference.logits(model, encoding)
    loss = torch.nn.functional.cross_entropy(found, torch.from_numpy(labels))
    predicted = found.argmax(dim=1).numpy()
    return {
        "validation_loss": float(loss),
        "validation_accuracy": float((predicted == labels).mean()),
        "validation_macro_f1": metrics.macro_f1(labels, predicted),
    }
