"""How the weights of a training are moved: an optimiser, a schedule, maybe an average.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from assay.learning.optimiser import adamw, warmup_then_linear

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import nn

    from assay.learning.averaging import Lookahead
    from assay.settings.schema import Optimisation


@dataclass(frozen=True)
class Recipe:
    """The parts.

    The rates that the optimiser's groups begin with are their full rates; ``schedule`` scales all
    of them alike.
    """

    optimiser: Callable[[nn.Module], torch.optim.Optimizer]
    schedule: Callable[[int, int], float]  # step (from 0), steps -> share of the full rate
    average: Callable[[nn.Module, int], Lookahead] | None = None  # model, steps -> slow weights


def plain(settings: Optimisation) -> Recipe:
    """Return AdamW, a linear warm-up and a linear decay: what a pretrained network is tuned by."""
    return Recipe(
        optimiser=lambda model: adamw(model, settings.learning_rate, settings.weight_decay),
        schedule=partial(warmup_then_linear, warmup=settings.warmup),
    )
