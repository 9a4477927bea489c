"""How weights are updated: an optimiser, a learning rate schedule, maybe Lookahead.

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

    from assay.learning.lookahead import Lookahead
    from assay.settings.schema import Optimisation


@dataclass(frozen=True)
class Recipe:
    """The parts.

    The rates that the optimiser's groups begin with are their full rates; ``schedule`` scales all
    of them alike.
    """

    optimiser: Callable[[nn.Module], torch.optim.Optimizer]
    schedule: Callable[[int, int], float]  # step (from 0), steps -> share of the full rate
    lookahead: Callable[[nn.Module, int], Lookahead] | None = None  # model, steps


def fine_tuning(
    settings: Optimisation, head: nn.Module | None = None, head_rate: float = 1.0
) -> Recipe:
    """Return AdamW with linear warm-up and linear decay, as BERT is fine-tuned.

    The weights of ``head`` learn at ``head_rate`` times the learning rate.
    """
    return Recipe(
        optimiser=lambda model: adamw(
            model, settings.learning_rate, settings.weight_decay, head, head_rate
        ),
        schedule=partial(warmup_then_linear, warmup=settings.warmup),
    )
