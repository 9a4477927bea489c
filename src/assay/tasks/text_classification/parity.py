"""Compare the ONNX graph with the torch network it came from.

Reads and writes nothing. Tries batch sizes and lengths; what counts as equal is in ``agreement``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay.bundle.session import Session
from assay.objectives.classification import agreement
from assay.progress import Progress
from assay.tasks.text_classification.settings import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.objectives.classification.precision import Graphs

BATCHES = (1, 2, 7, 32)
LENGTHS = (1, 2, 17, 128)


def grid(model: Any, graphs: Graphs, threads: int) -> float:
    """Return the largest difference of fp32 logits over batch sizes and lengths, up to the longest.

    Raises:
        ParityFailed: it exceeds 1e-4.

    """
    session = Session(graphs.fp32, threads)
    largest = 0.0
    longest = min(LONGEST, model.longest)
    shapes = [(b, n) for b in BATCHES for n in sorted({*_upto(LENGTHS, longest), longest})]
    with Progress("parity", len(shapes)) as bar:
        for batch, length in shapes:
            feeds = _drawn(batch, length, model.vocabulary)
            found = session.run(feeds)
            with torch.inference_mode():
                tensors = {name: torch.from_numpy(array) for name, array in feeds.items()}
                expected = model(**tensors).float().numpy()
            differences = np.abs(found - expected / graphs.temperature)
            largest = max(largest, float(differences.max()))
            bar.advance(note=f"batch {batch} x length {length}")
    return agreement.require_near(largest)


def _upto(lengths: Sequence[int], longest: int) -> Iterator[int]:
    return (length for length in lengths if length < longest)


def _drawn(batch: int, length: int, vocabulary: int) -> dict[str, np.ndarray[Any, Any]]:
    """Return token ids drawn from a seed, and masks that end at different places."""
    random = np.random.default_rng([batch, length])
    mask = np.zeros((batch, length), dtype=np.int64)
    for row, end in enumerate(random.integers(1, length + 1, size=batch)):
        mask[row, :end] = 1
    ids = random.integers(0, vocabulary, size=(batch, length), dtype=np.int64)
    return {"input_ids": ids, "attention_mask": mask}
