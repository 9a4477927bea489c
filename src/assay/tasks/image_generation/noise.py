"""The noise of a training: of latents, and of what is binarised anew in every epoch.

Reads and writes nothing. A row's noise is drawn from (seed, epoch, row) alone: neither the batch
that it stands in, nor the rows before it, nor a restart changes it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.special import ndtri

from assay.learning.counters import drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.learning.counters import Numbers

# One stream for each thing that is drawn. Held-out rows have the same noise after every epoch.
LATENTS, PIXELS, HELD_OUT_LATENTS, HELD_OUT_PIXELS = range(4)
# Of a number between 0 and 1: what a float64 holds, and what a float32 holds.
BITS, FEWER_BITS = 53, 24


def normal(seed: int, epoch: int, rows: Sequence[int], width: int, stream: int) -> torch.Tensor:
    """Return standard normal noise, float32 (rows, width)."""
    numbers = _numbers(seed, epoch, rows, width, stream) >> np.uint64(64 - BITS)
    # In the middle of each step: neither 0 nor 1, whose quantiles are infinite.
    uniform = (numbers.astype(np.float64) + 0.5) * 2.0**-BITS
    return torch.from_numpy(ndtri(uniform).astype(np.float32))


def uniform(
    seed: int, epoch: int, rows: Sequence[int], shape: tuple[int, ...], stream: int
) -> torch.Tensor:
    """Return noise from 0 to below 1, float32 (rows, *shape)."""
    width = math.prod(shape)
    numbers = _numbers(seed, epoch, rows, width, stream) >> np.uint64(64 - FEWER_BITS)
    found = numbers.astype(np.float32) * np.float32(2.0**-FEWER_BITS)
    return torch.from_numpy(found.reshape(len(rows), *shape))


def _numbers(seed: int, epoch: int, rows: Sequence[int], width: int, stream: int) -> Numbers:
    """Return ``width`` numbers for each row, uint64 (rows, width)."""
    first = np.asarray(rows, dtype=np.int64)[:, None] * width
    return drawn(seed, epoch, (first + np.arange(width)).astype(np.uint64), stream)
