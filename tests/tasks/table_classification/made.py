"""Small tables of people, like the 1994 census that is known as "adult", and models of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.modalities.table import cells
from assay.tasks.table_classification.network import Mlp, Shape
from assay.tasks.table_classification.settings import TableClassificationModel
from assay.tasks.table_classification.train import Rows, shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBERS = ("age", "hours per week", "capital-gain")
CATEGORIES = ("work", "\u6027\u522b", 'the "relation"')
TWO, THREE = ("<=50K", ">50K"), ("low", "middle", "high")


def people(rows: int, labels: Sequence[str] = TWO, seed: int = 0) -> pd.DataFrame:
    """Return people as texts; hours and work are "?" in some rows; ``label`` is the income.

    The income depends on age, hours, gain and work, and on nothing that is not in the row.
    """
    random = np.random.default_rng(seed)
    age = random.integers(17, 90, rows)
    hours = random.normal(40, 12, rows).clip(1, 99).round(1)
    gain = np.where(random.random(rows) < 0.85, 0, random.integers(100, 99_999, rows))
    work = random.choice(["Private", "State gov", "Self-emp"], rows, p=[0.6, 0.2, 0.2])
    score = age / 30 + hours / 20 + gain / 30_000 + (work == "Self-emp")
    score += random.normal(0, 0.3, rows)
    classes = np.searchsorted(np.quantile(score, np.arange(1, len(labels)) / len(labels)), score)
    unknown = random.random((2, rows)) < 0.07
    return pd.DataFrame(
        {
            NUMBERS[0]: age.astype(str),
            NUMBERS[1]: np.where(unknown[0], "?", hours.astype(str)),
            NUMBERS[2]: gain.astype(str),
            CATEGORIES[0]: np.where(unknown[1], "?", work),
            CATEGORIES[1]: random.choice(["\u5973", "\u7537"], rows),
            CATEGORIES[2]: random.choice(["Wife", "Husband", "it's complicated"], rows),
            "label": np.array(labels)[classes],
        }
    )


def settings(
    numbers: Sequence[str] = NUMBERS,
    categories: Sequence[str] = CATEGORIES,
    labels: Sequence[str] = TWO,
    **blocks: dict[str, Any],
) -> TableClassificationModel:
    """Return a model of people that trains in a second; ``block={...}`` changes it."""
    block: dict[str, dict[str, Any]] = {
        "ingest": {"numbers": list(numbers), "categories": list(categories)},
        "split": {"validation": 0.2, "test": 0.2},
        "train": {
            "hidden": 16,
            "epochs": 4,
            "batch_size": 16,
            "learning_rate": 5e-3,
            "checkpoint_every": 5,
            "threads": 1,
        },
        "export": {"threads": 1},
        "evaluate": {"bootstrap": 100, "worst": 5, "threads": 1},
    }
    for name, changes in blocks.items():
        block[name] = block.get(name, {}) | changes
    return TableClassificationModel.model_validate(
        {"data": "table", "task": "classification", "labels": list(labels), **block}
    )


def typed(table: pd.DataFrame, model: TableClassificationModel) -> pd.DataFrame:
    """Return a table as the splits hold it: features by their types, and labels."""
    return cells.features(table, model.ingest).assign(label=table["label"])


def fitted(table: pd.DataFrame, model: TableClassificationModel) -> Mlp:
    """Return the network of random weights whose preprocessing knows the table."""
    import torch

    torch.manual_seed(0)
    rows = typed(table, model)
    network = Mlp(shape_of(rows, model))
    if network.shape.numbers:
        network.numbers.fit(Rows(rows, network.shape).numbers)
    return network.eval()


def shape(numbers: Sequence[str], vocabularies: dict[str, list[str]], **changes: Any) -> Shape:
    """Return the shape of a small network."""
    small: dict[str, Any] = {
        "labels": ["a", "b"],
        "hidden": 8,
        "dropout": 0.5,
        "scaling": "robust",
        "quantiles": 4,
        "embedding": 3,
    }
    return Shape(numbers=list(numbers), vocabularies=vocabularies, **(small | changes))
