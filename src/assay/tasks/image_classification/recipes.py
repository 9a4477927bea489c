"""The recipes by which image networks learn: AdamW, SGD, or Muon with SGD.

Reads and writes nothing. The rates beside Muon's follow Jordan, "94% on CIFAR-10 in 3.29 seconds on
a single GPU", 2024.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn

from assay.learning.averaging import Lookahead
from assay.learning.muon import Muon
from assay.learning.optimiser import adamw, warmup_then_linear
from assay.learning.recipe import Recipe
from assay.tasks.image_classification.networks.speednet import Speednet

if TYPE_CHECKING:
    from assay.settings.image import ImageTrain

# Rates of the shifts and of the head, in multiples of the filters' rate. Speednet's hang on the
# batch, and so does its decay: an image counts the same in a large one, whose mean gradient is as
# small as each's share, and which takes fewer steps.
SHIFTS_AN_IMAGE, HEAD_AN_IMAGE = 0.22, 2.8
OTHERS = 0.1
# The momentum of what SGD learns beside Muon.
MOMENTUM = 0.85


def recipe(settings: ImageTrain) -> Recipe:
    """Return the recipe that ``train.optimiser`` names; the rate falls linearly to zero."""
    makers = {"adamw": _adamw, "sgd": _sgd, "muon": _muon}
    return Recipe(
        optimiser=partial(makers[settings.optimiser], settings),
        schedule=partial(warmup_then_linear, warmup=settings.warmup),
        average=Lookahead if settings.ema else None,
    )


def _adamw(settings: ImageTrain, model: nn.Module) -> torch.optim.Optimizer:
    return adamw(model, settings.learning_rate, settings.weight_decay)


def _sgd(settings: ImageTrain, model: nn.Module) -> torch.optim.Optimizer:
    """Return SGD, with Nesterov's momentum if any; shifts and norms do not decay."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in trained if w.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [w for w in trained if w.ndim <= 1], "weight_decay": 0.0},
    ]
    momentum = settings.momentum
    return torch.optim.SGD(
        groups, lr=settings.learning_rate, momentum=momentum, nesterov=momentum > 0, fused=True
    )


def _muon(settings: ImageTrain, model: nn.Module) -> torch.optim.Optimizer:
    """Return Muon for filters, SGD for the rest.

    The rest shrinks by rate x decay a step at first; of a Speednet, by that for each image.
    """
    rate = settings.learning_rate
    shifts = head = OTHERS
    decay = settings.weight_decay
    if any(isinstance(module, Speednet) for module in model.modules()):
        shifts = SHIFTS_AN_IMAGE * settings.batch_size
        head = HEAD_AN_IMAGE * settings.batch_size
        decay *= settings.batch_size
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    filters = {
        "params": [w for w in trained if w.ndim > 2],
        "lr": rate,
        "orthogonal": True,
        # A filter's scale means nothing before a norm, and much without one.
        "normalised": any(isinstance(module, nn.BatchNorm2d) for module in model.modules()),
    }
    others = [
        {
            "params": [w for w in trained if (w.ndim == 2) == is_matrix and w.ndim <= 2],
            "lr": rate * share,
            "weight_decay": decay / share,
            "momentum": MOMENTUM,
        }
        for share, is_matrix in ((shifts, False), (head, True))
    ]
    return Muon([filters, *others], momentum=settings.momentum)
