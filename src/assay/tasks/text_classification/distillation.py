"""The loss of a model that learns from another one's answers. Reads and writes nothing.

Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015
(https://arxiv.org/abs/1503.02531).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn.functional import kl_div, log_softmax

from assay.tasks.text_classification import network

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from assay.tasks.text_classification.settings import Distillation

# Of a batch: the teacher's logits, float32 (rows, classes).
TEACHER = "teacher"


def loss(
    model: torch.nn.Module,
    batch: Mapping[str, torch.Tensor],
    chosen: Distillation,
    class_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return w T² KL(teacher || student) + (1 - w) cross entropy, means over the batch, in fp32.

    The divergence is of both softmaxes at temperature T; T² keeps its gradient as large as it is
    at 1. ``class_weights`` multiply the cross entropy alone: to the divergence every row counts
    the same.
    """
    logits = network.logits(model, batch)
    asked = log_softmax(batch[TEACHER] / chosen.temperature, dim=1)
    found = log_softmax(logits / chosen.temperature, dim=1)
    soft = kl_div(found, asked, reduction="batchmean", log_target=True)
    hard = network.cross_entropy(logits, batch["labels"], class_weights)
    return chosen.weight * chosen.temperature**2 * soft + (1 - chosen.weight) * hard
