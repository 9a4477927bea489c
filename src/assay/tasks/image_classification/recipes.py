"""How image networks are optimised: by AdamW, by SGD, or by Muon and SGD together.

Reads and writes nothing. With learning rate r, batch size b and weight decay d, Muon updates the
filters at rate r; SGD updates biases at r * BIAS_LR_PER_IMAGE * b and the head at
r * HEAD_LR_PER_IMAGE * b, both with decay d * b divided by their multiple, so that rate times decay
is r * d * b for either. After Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn

from assay.learning.lookahead import Lookahead
from assay.learning.muon import Muon
from assay.learning.optimiser import adamw, warmup_then_linear
from assay.learning.recipe import Recipe
from assay.tasks.image_classification.networks.speednet import Speednet

if TYPE_CHECKING:
    from assay.tasks.image_classification.settings import ImageTrain

# Learning rates of Speednet's biases and head, as multiples of the filters' rate for each image of
# a batch: a mean gradient over more images is followed in fewer and therefore larger steps.
BIAS_LR_PER_IMAGE, HEAD_LR_PER_IMAGE = 0.22, 2.8
# The same multiple for the biases and the head of any other network, whatever the batch.
OTHER_LR = 0.1
# Momentum of the parameters that SGD learns beside Muon.
SGD_MOMENTUM = 0.85


def recipe(settings: ImageTrain) -> Recipe:
    """Return the recipe that ``train.optimiser`` names; the rate falls linearly to zero."""
    makers = {"adamw": _adamw, "sgd": _sgd, "muon": _muon}
    return Recipe(
        optimiser=partial(makers[settings.optimiser], settings),
        schedule=partial(warmup_then_linear, warmup=settings.warmup),
        lookahead=Lookahead if settings.lookahead else None,
    )


def _adamw(settings: ImageTrain, model: nn.Module) -> torch.optim.Optimizer:
    return adamw(model, settings.learning_rate, settings.weight_decay)


def _sgd(settings: ImageTrain, model: nn.Module) -> torch.optim.Optimizer:
    """Return SGD, with Nesterov's momentum if any; biases and norms do not decay."""
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
    """Return Muon for filters, SGD for biases, norms and head; see the module for the rates."""
    rate, decay = settings.learning_rate, settings.weight_decay
    bias_lr = head_lr = OTHER_LR
    if any(isinstance(module, Speednet) for module in model.modules()):
        bias_lr = BIAS_LR_PER_IMAGE * settings.batch_size
        head_lr = HEAD_LR_PER_IMAGE * settings.batch_size
        decay *= settings.batch_size
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    filters = {
        "params": [w for w in trained if w.ndim > 2],
        "lr": rate,
        "orthogonal": True,
        # A filter's scale has no effect before a norm, and much without one.
        "normalised": any(isinstance(module, nn.BatchNorm2d) for module in model.modules()),
    }
    others = [
        {
            "params": [w for w in trained if (w.ndim == 2) == is_matrix and w.ndim <= 2],
            "lr": rate * multiple,
            "weight_decay": decay / multiple,
            "momentum": SGD_MOMENTUM,
        }
        for multiple, is_matrix in ((bias_lr, False), (head_lr, True))
    ]
    return Muon([filters, *others], momentum=settings.momentum)
