"""LeNet as PyTorch's CIFAR-10 tutorial trains it, to stand beside a run of ours.

Reads a raw table and a test split. Writes nothing. Everything is as taught there: normalised by
halves, shuffled batches of 4, SGD at 0.001 with momentum 0.9, two epochs, fp32, no augmentation.
Decoding is outside the clock.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pandas as pd
import torch
from torch.utils.data import DataLoader, TensorDataset

from assay.objectives.classification.labels import numbers
from assay.tasks.image_classification.networks.lenet import LeNet
from bench.recognition import decoded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BATCH, EPOCHS, RATE, MOMENTUM = 4, 2, 0.001, 0.9
SIDE = 32


def learn(
    raw: Path, test: Path, labels: Sequence[str], rows: int, seed: int
) -> tuple[float, float]:
    """Return the seconds of the training, and the accuracy on ``test``.

    It learns from the first ``rows`` rows of ``raw`` that its source gave for training.
    """
    table = pd.read_parquet(raw, columns=["image", "label", "given"])
    learning = _tensors(table[table["given"].eq("train")].head(rows), labels)
    test_data = _tensors(pd.read_parquet(test, columns=["image", "label"]), labels)
    torch.manual_seed(seed)
    network = LeNet(3, len(labels), SIDE)
    optimiser = torch.optim.SGD(network.parameters(), lr=RATE, momentum=MOMENTUM)
    started = time.perf_counter()
    for _ in range(EPOCHS):
        for pixels, classes in DataLoader(learning, batch_size=BATCH, shuffle=True):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(pixels), classes)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    seconds = time.perf_counter() - started
    pixels, classes = test_data.tensors
    with torch.inference_mode():
        right = network(pixels).argmax(dim=1) == classes
    return seconds, float(right.float().mean())


def _tensors(table: pd.DataFrame, labels: Sequence[str]) -> TensorDataset:
    """Return normalised images (rows, 3, 32, 32) and class numbers."""
    images = torch.from_numpy(decoded(table, 3)).permute(0, 3, 1, 2).float() / 255
    classes = torch.from_numpy(numbers(table["label"].tolist(), labels))
    return TensorDataset((images - 0.5) / 0.5, classes)
