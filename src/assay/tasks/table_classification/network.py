"""The multilayer perceptron on raw columns: preprocessing, one hidden layer of ReLU, logits.

Reads a checkpoint folder (``config.json``, ``model.safetensors``); writes one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from assay.errors import SettingsError
from assay.learning import weights
from assay.learning.weights import CONFIG, WEIGHTS
from assay.tasks.table_classification.preprocessing import Categories, Numbers

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Shape:
    """All that decides the network's layers.

    Attributes:
        numbers: the columns of numbers, in the order of the input.
        vocabularies: the known categories of each column of categories, in the order of the input.
        labels: the classes, in the order of the logits.
        hidden: units of the hidden layer.
        dropout: the share of hidden units that training leaves out at random.
        scaling: of numbers, ``quantile`` or ``robust``.
        quantiles: bins of the quantile transform.
        embedding: the most numbers that stand for a category.

    """

    numbers: list[str]
    vocabularies: dict[str, list[str]]
    labels: list[str]
    hidden: int
    dropout: float
    scaling: str
    quantiles: int
    embedding: int


class Mlp(nn.Module):
    """A two-layer perceptron; two classes have one logit, that of the second against the first."""

    def __init__(self, shape: Shape) -> None:
        """Make the layers with fresh weights."""
        super().__init__()
        self.shape = shape
        self.numbers = Numbers(len(shape.numbers), shape.scaling, shape.quantiles)
        sizes = [len(known) for known in shape.vocabularies.values()]
        self.categories = Categories(sizes, shape.embedding)
        width = self.numbers.width + self.categories.width
        outputs = 1 if len(shape.labels) == 2 else len(shape.labels)
        self.layers = nn.Sequential(
            nn.Linear(width, shape.hidden),
            nn.ReLU(),
            nn.Dropout(shape.dropout),
            nn.Linear(shape.hidden, outputs),
        )

    def outputs(self, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Return (batch, 1) for two classes, else (batch, classes)."""
        parts = []
        if self.shape.numbers:
            parts.append(self.numbers(numbers))
        if self.shape.vocabularies:
            parts.append(self.categories(codes))
        return cast("torch.Tensor", self.layers(torch.cat(parts, dim=1)))

    def forward(self, numbers: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of float32 numbers and int64 category numbers.

        Of two classes the first logit is 0: softmax over both is the sigmoid of the other.
        """
        found = self.outputs(numbers, codes)
        if found.shape[1] == 1:
            return torch.cat([torch.zeros_like(found), found], dim=1)
        return found


def loss(model: Mlp, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return binary cross entropy for two classes, else cross entropy; the mean of the batch."""
    found = model.outputs(batch["numbers"], batch["codes"]).float()
    if found.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(found[:, 0], batch["labels"].float())
    return functional.cross_entropy(found, batch["labels"])


def save(model: Mlp, target: Path) -> None:
    """Write weights and shape; equal weights, equal bytes."""
    config = {**asdict(model.shape), "order": list(model.shape.vocabularies)}
    weights.write(target, model, config)


def load(folder: Path) -> Mlp:
    """Return the network of a checkpoint that :func:`save` wrote, in evaluation.

    Raises:
        SettingsError: the folder is no checkpoint of this task.

    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        # JSON was written with sorted keys: the order of the columns is that of the weights.
        order = config.pop("order")
        config["vocabularies"] = {name: config["vocabularies"][name] for name in order}
        model = Mlp(Shape(**config))
        model.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as problem:
        raise SettingsError(
            f"{folder} is no checkpoint of a table network: {problem}",
            expected=f"{CONFIG} and {WEIGHTS}, as the train stage writes them",
            cure="train the model again (assay run MODEL)",
        ) from problem
    return model.eval()
