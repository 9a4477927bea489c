"""The machine's own limit: operations a second of a plain matrix product, and what a network asks.

Reads a checkpoint's ``config.json``. Writes nothing. What a loop or a graph reaches of this limit
says how much a better kernel could still bring; the rest must come from doing less.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from assay.files import read_json
from bench.measure import number

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (1024, 2048)
# Of each size, after one to warm up.
PRODUCTS = 7
GIGA = 1e9
# A training step: forwards once, and backwards to inputs and to weights.
FORWARD, TRAINING = 1, 3
TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass(frozen=True)
class Peak:
    """What products of square matrices reach, in operations a second."""

    precision: str
    threads: int
    operations: float

    @classmethod
    def measured(cls, precision: str, threads: int) -> Peak:
        """Measure products in torch; the best size's median counts."""
        torch.set_num_threads(threads)
        found = (_rate(size, TYPES[precision]) for size in SIZES)
        return cls(precision, threads, max(found))

    def share(self, operations: float) -> float:
        """Return per cent of the peak."""
        return 100 * operations / self.operations

    def __str__(self) -> str:
        return (
            f"{number(self.operations / GIGA)} GFLOP/s in {self.precision}, the median of "
            f"{PRODUCTS} products of {' or '.join(map(str, SIZES))} squared on {self.threads} "
            "threads"
        )


def operations_a_token(checkpoint: Path) -> int:
    """Return the operations of BERT's layers for one token, forwards.

    Two for each weight; embeddings are looked up, and attention between tokens is left out: for
    short texts it is little.
    """
    config = read_json(checkpoint / "config.json")
    width, inner = config["hidden_size"], config["intermediate_size"]
    weights = 4 * width * width + 2 * width * inner
    return int(2 * config["num_hidden_layers"] * weights)


def _rate(size: int, kind: torch.dtype) -> float:
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(size, size, generator=generator).to(kind) for _ in range(2))
    seconds = []
    for _ in range(PRODUCTS + 1):
        started = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / statistics.median(seconds[1:])
