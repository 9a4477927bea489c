"""A text classifier fine-tuned from a given encoder, seed by seed, scored on validation rows.

Reads and writes nothing but the pretrained checkpoint and temporary folders. The recipe is that of
the train stage: the linear probe, then fine-tuning, of which the better one is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from assay.learning import loop, recipe, seeding
from assay.objectives.classification import metrics
from assay.progress import say
from assay.tasks.text_classification import network, probing, train
from assay.tasks.text_classification.splits import Rows
from bench.scratch import training_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch

    from assay.tasks.text_classification.settings import TextClassificationModel
    from assay.tasks.text_classification.splits import Splits
    from assay.tasks.text_classification.start import Start

    Weights = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Scores:
    """What one fine-tuning came to on the validation split, at the epoch that is kept."""

    accuracy: float
    macro_f1: float


@dataclass(frozen=True)
class FineTuned:
    """Fine-tuning from one encoder: the probe alone, and the scores by seed."""

    probe: Scores
    tuned: Mapping[int, Scores]


def places(rows: int, wanted: int) -> list[int]:
    """Return the places of ``wanted`` of the rows, evenly spread."""
    found: list[int] = np.linspace(0, rows - 1, min(wanted, rows)).astype(int).tolist()
    return found


def spread(rows: Rows, wanted: int) -> Rows:
    """Return ``wanted`` of the rows, evenly spread."""
    found = places(len(rows.labels), wanted)
    encoding = replace(rows.encoding, ids=[rows.encoding.ids[place] for place in found])
    return Rows(encoding, rows.labels[found], rows.targets[found])


def fine_tuned(
    start: Start,
    splits: Splits,
    settings: TextClassificationModel,
    seeds: Sequence[int],
    learned: Weights | None,
) -> FineTuned:
    """Fit the probe, which no seed changes, and fine-tune from it with each seed."""
    seeding.make_deterministic(settings.train.seed, settings.train.threads)
    probe = probing.fit(_model(start, settings, learned), splits, settings.train.precision)
    labels = splits.validation.labels
    found = probe.validation.argmax(1).numpy()
    alone = Scores(float((found == labels).mean()), metrics.macro_f1(labels, found))
    tuned = {}
    for seed in seeds:
        chosen = changed(settings, seed=seed)
        seeding.make_deterministic(seed, chosen.train.threads)
        model = _model(start, chosen, learned)
        network.set_head(model, probe.weight, probe.bias)
        tuned[seed] = max(alone, _tuned(model, splits, chosen), key=lambda one: one.macro_f1)
        say(f"bench: seed {seed}: {tuned[seed]}")
    return FineTuned(alone, tuned)


def _model(
    start: Start, settings: TextClassificationModel, learned: Weights | None
) -> network.TextClassifier:
    model = start.network(settings)
    if learned is not None:
        model.encoder.load_state_dict(learned)
    if settings.train.freeze_embeddings:
        network.freeze_embeddings(model)
    return model


def _tuned(
    model: network.TextClassifier, splits: Splits, settings: TextClassificationModel
) -> Scores:
    """Fine-tune as the train stage does, for one epoch; return the scores after it."""
    chosen = settings.train
    learning = recipe.fine_tuning(chosen, model.classifier, chosen.head_rate)
    # The probe's scores are known.
    setup = replace(train.setup(settings, splits), from_good_start=False)
    with training_run() as run:
        last = loop.Training(model, setup, learning, chosen, run).run()[-1]
    return Scores(last["validation_accuracy"], last[metrics.SELECTION])


def changed(settings: TextClassificationModel, **changes: int) -> TextClassificationModel:
    """Return the settings with other ones of ``train``."""
    return settings.model_copy(update={"train": settings.train.model_copy(update=changes)})
