"""Hold the ONNX graph against the torch network it came from.

Reads and writes nothing. Raises where they differ: a bundle that answers otherwise than the
network that was trained never leaves the export stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay.bundle import open_session
from assay.errors import AssayError
from assay.progress import Progress
from assay.tasks.text_classification import train

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assay.inputs.text import Encoding

BATCHES = (1, 2, 7, 32)
LENGTHS = (1, 2, 17, 128)
TOLERANCE = 1e-4


class PartedWays(AssayError):
    """ONNX and torch give different answers."""


def grid(model: Any, onnx_bytes: bytes, threads: int) -> float:
    """Return the largest difference of logits over batch sizes and lengths, the longest included.

    Raises:
        PartedWays: it exceeds 1e-4.

    """
    session = open_session(onnx_bytes, threads)
    largest = 0.0
    longest = model.config.max_position_embeddings
    shapes = [(b, n) for b in BATCHES for n in sorted({*_upto(LENGTHS, longest), longest})]
    with Progress("parity", len(shapes)) as bar:
        for batch, length in shapes:
            feeds = _drawn(batch, length, model.config.vocab_size)
            found = session.run(None, _wanted(session, feeds))[0]
            with torch.inference_mode():
                tensors = {name: torch.from_numpy(array) for name, array in feeds.items()}
                expected = model(**tensors).logits.float().numpy()
            largest = max(largest, float(np.abs(found - expected).max()))
            bar.advance(note=f"batch {batch} x length {length}")
    if largest > TOLERANCE:
        raise PartedWays(
            f"ONNX differs from torch by {largest:.2g} in a logit",
            expected=f"at most {TOLERANCE}",
            cure="report this with the versions that `assay doctor` prints; nothing was exported",
        )
    return largest


def same_answers(expected: torch.Tensor, found: np.ndarray[Any, Any]) -> int:
    """Return the number of rows whose top class is the same in both, which must be all.

    Raises:
        PartedWays: a row differs.

    """
    differing = int((expected.argmax(dim=1).numpy() != found.argmax(axis=1)).sum())
    if differing:
        raise PartedWays(
            f"{differing} of {len(found)} validation rows get another class from ONNX than from "
            "torch",
            expected="none",
            cure="report this with the versions that `assay doctor` prints; nothing was exported",
        )
    return len(found)


def torch_logits(model: Any, encoding: Encoding) -> torch.Tensor:
    """Return the network's fp32 logits on encoded rows."""
    return train.logits(model, encoding)


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


def _wanted(session: Any, feeds: dict[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    return {entry.name: feeds[entry.name] for entry in session.get_inputs()}
