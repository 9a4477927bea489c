"""Compare the ONNX graph with the torch network it came from, over batch and image sizes.

Reads and writes nothing. The grid's images are drawn from a seed; what counts as equal is in
``agreement``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay.bundle.session import Session
from assay.objectives.classification import agreement
from assay.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from assay.objectives.classification.precision import Graphs

BATCHES = (1, 2, 7, 32)


def grid(served: nn.Module, graphs: Graphs, size: int, channels: int, threads: int) -> float:
    """Return the largest difference of fp32 logits over batch sizes and image sizes.

    Raises:
        ParityFailed: it exceeds 1e-4.

    """
    session = Session(graphs.fp32, threads)
    largest = 0.0
    shapes = [(batch, sides) for batch in BATCHES for sides in sizes(size)]
    with Progress("parity", len(shapes)) as bar:
        for batch, (height, width) in shapes:
            images = drawn(batch, height, width, channels)
            found = session.run({"pixels": images})
            with torch.inference_mode():
                expected = served(torch.from_numpy(images)).numpy() / graphs.temperature
            largest = max(largest, float(np.abs(found - expected).max()))
            bar.advance(note=f"{batch} x {height} x {width}")
    return agreement.require_near(largest)


def sizes(size: int) -> Sequence[tuple[int, int]]:
    """Return (height, width): as trained, smaller and wide, larger and high."""
    return ((size, size), (max(2, size // 2 + 1), size), (3 * size, 2 * size + 1))


def drawn(batch: int, height: int, width: int, channels: int) -> np.ndarray[Any, Any]:
    """Return random uint8 images (batch, height, width, channels), equal for equal shapes."""
    random = np.random.default_rng([batch, height, width])
    return random.integers(0, 256, (batch, height, width, channels), dtype=np.uint8)
