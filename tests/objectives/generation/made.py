"""Documents that models are measured on, without a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assay.objectives.generation.bits import Losses
from assay.objectives.generation.figures import Scores
from assay.objectives.generation.memorisation import longest_overlaps
from assay.objectives.generation.quality import measured
from assay.objectives.generation.sampled import Sampled, Texts
from assay.settings.generation import GenerationModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    Floats = np.ndarray[Any, np.dtype[np.float64]]

DOCUMENTS = 300


def settings(**blocks: dict[str, object]) -> GenerationModel:
    """Return settings with few resamples; ``evaluate={...}`` and the like change them."""
    evaluate = {"bootstrap": 200, "seed": 1, **blocks.pop("evaluate", {})}
    block = {"data": "text", "task": "generation", "labels": [], "evaluate": evaluate}
    return GenerationModel.model_validate({**block, **blocks})


def sizes(documents: int = DOCUMENTS, seed: int = 0) -> Floats:
    """Return documents' lengths in bytes, some of them far longer than others."""
    return np.random.default_rng(seed).lognormal(5, 1, documents).round() + 20


def losses(nats: Floats, size: Floats | None = None) -> Losses:
    """Return losses of a tokenizer of four bytes a token, of words of six bytes."""
    known = sizes(len(nats)) if size is None else size
    whole = known.astype(np.int64)
    return Losses(nats, whole // 4 + 1, whole, whole // 6)


def model(bits: float, documents: int = DOCUMENTS, seed: int = 1) -> Losses:
    """Return those of a model that needs about so many bits a byte, on the same documents."""
    known = sizes(documents)
    noise = np.random.default_rng(seed).normal(1, 0.1, documents)
    return losses(bits * np.log(2) * known * noise, known)


def scores(bits: float, documents: int = DOCUMENTS, seed: int = 1, share: float = 0.3) -> Scores:
    """Return the same with a share of tokens right."""
    found = model(bits, documents, seed)
    return Scores(found, (share * found.tokens).astype(np.int64))


def sampled(
    generated: Sequence[str], held_out: Sequence[str], train: Sequence[str], length: int = 10
) -> Sampled:
    """Return what is known of texts whose tokens are their characters."""
    own, usual = (
        Texts(measured(texts, [list(text) for text in texts]), longest_overlaps(texts, train))
        for texts in (generated, held_out)
    )
    return Sampled(own, usual, length, max(map(len, held_out)))
