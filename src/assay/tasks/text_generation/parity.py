"""ONNX and torch must agree token by token: logits within rounding, and the same greedy texts.

Reads and writes nothing. A bundle that continues a text otherwise than the network that was trained
never leaves the export stage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from assay.bundle.decoding import IDS, KEPT, MASK, Decoding, empty
from assay.errors import ParityFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.session import Session
    from assay.tasks.text_generation.network import Decoder

    Array = np.ndarray[Any, Any]

# Of a logit in fp32. Logits of language models are larger than a classifier's, those of pretrained
# ones up to 40, and what rounding makes of a sum grows with its parts.
TOLERANCE, SHARE = 1e-3, 1e-4
PROMPTS, PROMPT_TOKENS, TOKENS = 64, 16, 128
# Logits that greedy decoding computes at most: a large vocabulary gets fewer prompts.
LOGITS = 2**26
# Batch sizes, lengths of what is read first, and of what is read behind it.
GRID = ((1, 1, 1), (1, 7, 1), (2, 5, 3), (7, 16, 1), (3, 2, 9))
CURE = "report this with the versions that `assay doctor` prints; nothing was exported"


@dataclass(frozen=True)
class Greedy:
    """What greedy decoding of the same prompts came to.

    Attributes:
        tokens: that were compared.
        ties: those at which torch's own two greatest logits are nearer to each other than ONNX and
            torch may be: either is right there, and decoding goes on with torch's.

    """

    tokens: int
    ties: int


def grid(model: Decoder, session: Session, seed: int) -> float:
    """Return the largest difference of a logit over shapes of batch, prompt and what follows it.

    Raises:
        ParityFailed: it is more than :func:`tolerance` allows.

    """
    random = np.random.default_rng(seed)
    largest = size = 0.0
    for batch, before, behind in GRID:
        length = min(before + behind, model.sizes.context)
        ids = random.integers(0, model.sizes.vocabulary, (batch, length))
        with torch.inference_mode():
            expected = model(torch.from_numpy(ids)).numpy()
        size = max(size, float(np.abs(expected).max()))
        first = min(before, length - 1)
        decoding = Decoding(session, ids[:, :first].tolist() if first else ids[:, :1].tolist())
        for place in range(max(first, 1), length):
            largest = max(largest, _largest(decoding.logits, expected[:, place - 1]))
            decoding.append(ids[:, place].tolist())
        largest = max(largest, _largest(decoding.logits, expected[:, -1]))
    return require_near(largest, size)


def tolerance(size: float) -> float:
    """Return by how much a logit may differ where the greatest one is ``size``, either way."""
    return max(TOLERANCE, SHARE * size)


def require_near(largest: float, size: float) -> float:
    """Return a largest difference of a logit, which must be within :func:`tolerance`.

    Raises:
        ParityFailed: it is more, or no number.

    """
    if not (math.isfinite(largest) and largest <= tolerance(size)):
        raise ParityFailed(
            f"ONNX differs from torch by {largest:.2g} in a logit",
            expected=f"at most {tolerance(size):.2g}",
            cure=CURE,
        )
    return largest


def logits(session: Session, ids: Array) -> Array:
    """Return float32 logits (batch, length, vocabulary) of whole rows of ids (batch, length)."""
    places = np.arange(ids.shape[1], dtype=np.int64)
    feeds = {IDS: ids, MASK: np.ones_like(ids), KEPT: places, **empty(session, len(ids))}
    return session.run(feeds)


def greedy(model: Decoder, session: Session, prompts: Sequence[Sequence[int]]) -> Greedy:
    """Continue prompts greedily with both, :data:`TOKENS` tokens each, and compare every token.

    Of a vocabulary for which all would be more than :data:`LOGITS`, evenly spread ones.

    Raises:
        ParityFailed: a token differs that is no tie.

    """
    most = max(1, LOGITS // (TOKENS * model.sizes.vocabulary))
    prompts = prompts[:: math.ceil(len(prompts) / most)]
    count = min(TOKENS, model.sizes.context - max(map(len, prompts)))
    text = torch.tensor([list(prompt) for prompt in prompts])
    decoding = Decoding(session, prompts)
    ties = 0
    with torch.inference_mode():
        mask = torch.ones_like(text)
        last = torch.tensor([text.shape[1] - 1])
        found, cache = model.cached(text, mask, last, model.empty(len(text)))
        for place in range(count):
            own = found[:, 0].numpy()
            ties += _same(own, decoding.logits, place)
            chosen = torch.from_numpy(own.argmax(axis=1)).unsqueeze(1)
            decoding.append(chosen[:, 0].tolist())
            mask = torch.cat([mask, torch.ones_like(chosen)], dim=1)
            found, cache = model.cached(chosen, mask, torch.tensor([0]), cache)
    return Greedy(tokens=count * len(prompts), ties=ties)


def _same(expected: Array, found: Array, place: int) -> int:
    """Return how many rows differ in their most probable token by a tie; refuse other ones."""
    differing = np.flatnonzero(expected.argmax(axis=1) != found.argmax(axis=1))
    for row in differing:
        margin = float(expected[row].max() - expected[row][found[row].argmax()])
        near = tolerance(float(np.abs(expected[row]).max()))
        if margin > near:
            raise ParityFailed(
                f"token {place + 1} of text {row + 1} is another in ONNX than in torch, which "
                f"prefers its own by {margin:.2g}",
                expected=f"the same token, or one whose logit is within {near:.2g}",
                cure=CURE,
            )
    return len(differing)


def _largest(found: Array, expected: Array) -> float:
    # Python's max may drop a NaN.
    value = float(np.abs(found - expected).max())
    return value if math.isfinite(value) else math.inf
