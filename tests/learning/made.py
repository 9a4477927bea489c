"""Numbers that are learned in milliseconds, with dropout, so that the random state matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay.learning import loop, recipe, seeding
from assay.learning.batching import bucketed
from assay.learning.run import TrainingRun
from assay.settings.schema import Optimisation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from assay.learning.run import MetricLogger
    from assay.records import TracePoint

ROWS = 230
INPUTS = torch.from_numpy(np.random.default_rng(0).normal(size=(ROWS, 8)).astype("float32"))
CLASSES = INPUTS[:, :3].argmax(dim=1)


class Logger:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.points: list[tuple[int, dict[str, float]]] = []

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Keep the metrics of one step."""
        self.points.append((step, dict(metrics)))


def settings(**changes: Any) -> Optimisation:
    return Optimisation(
        **{"epochs": 3, "batch_size": 8, "learning_rate": 0.02, "checkpoint_every": 7, "threads": 1}
        | changes
    )


def network(seed: int = 0) -> torch.nn.Module:
    seeding.make_deterministic(seed, 1)
    return torch.nn.Sequential(
        torch.nn.Linear(8, 32), torch.nn.GELU(), torch.nn.Dropout(0.3), torch.nn.Linear(32, 3)
    )


def loss(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(model(batch["inputs"]).float(), batch["labels"])


def share_right(model: torch.nn.Module) -> dict[str, float]:
    right = (model(INPUTS).argmax(dim=1) == CLASSES).float().mean()
    return {"validation_macro_f1": float(right), "validation_loss": 1 - float(right)}


MACRO_F1 = loop.Selection("validation_macro_f1", "macro F1")


def setup(
    settings: Optimisation,
    loss: Callable[[Any, Any], torch.Tensor] = loss,
    validate: Callable[[Any], dict[str, float]] = share_right,
    selection: loop.Selection = MACRO_F1,
) -> loop.TrainingSetup:
    return loop.TrainingSetup(
        batches=lambda epoch: bucketed([1] * ROWS, settings.batch_size, settings.seed, epoch),
        collate=lambda rows, _epoch: {"inputs": INPUTS[rows], "labels": CLASSES[rows]},
        loss=loss,
        validate=validate,
        size=lambda batch: len(batch["labels"]),
        selection=selection,
    )


def training(
    folder: Path,
    settings: Optimisation,
    setup: loop.TrainingSetup,
    logger: MetricLogger | None = None,
    updates: recipe.Recipe | None = None,
    on_point: Callable[[TracePoint], None] | None = None,
) -> tuple[torch.nn.Module, loop.Training]:
    """Return a fresh network and its training, which resumes from what ``folder`` holds."""
    model = network()
    run = TrainingRun(
        checkpoint=folder / "checkpoint",
        curve=folder / "curve.csv",
        state=folder,
        digest="this training",
        logger=logger or Logger(),
        trace=folder / "trace.json",
        on_point=on_point,
    )
    updates = updates or recipe.fine_tuning(settings)
    return model, loop.Training(model, setup, updates, settings, run)


def same(left: Mapping[str, torch.Tensor], right: Mapping[str, torch.Tensor]) -> bool:
    """Tell whether two networks are equal, bit for bit."""
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)
