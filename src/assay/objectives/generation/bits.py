"""Bits per byte and perplexity of a language model, with intervals, single and paired.

Reads and writes nothing. Knows sums by document alone, whatever gave the probabilities, so that a
network and an n-gram model are measured by the same functions. Bits per byte, and perplexity per
word, compare models of different tokenizers: bytes and words are the text's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.objectives.generation.intervals import estimate, resampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from assay.objectives.generation.intervals import Estimate, Floats

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Losses:
    """What a model lost on documents. The end of a document is a token, and has no byte.

    Attributes:
        nats: negative log probability of each document and its end, shape (documents,).
        tokens: how many were predicted, the end among them, shape (documents,).
        size: of the text in UTF-8 bytes, shape (documents,).
        words: runs of characters between white space, shape (documents,). In scripts that set
            none, such as Chinese, that is no word: a figure by it says nothing.

    Raises:
        ValueError: no document, or shapes that differ.

    """

    nats: Floats
    tokens: Ints
    size: Ints
    words: Ints

    def __post_init__(self) -> None:
        shapes = {each.shape for each in (self.nats, self.tokens, self.size, self.words)}
        if len(shapes) > 1 or len(self.nats) == 0:
            raise ValueError(f"figures of shapes {sorted(shapes)}; expected one for each document")

    @classmethod
    def summed(cls, nats: Sequence[Floats], texts: Sequence[str]) -> Losses:
        """Sum a model's negative log probabilities by document.

        Args:
            nats: of each document's tokens and its end, shape (tokens + 1,) each.
            texts: the documents, as they were before they became tokens.

        Raises:
            ValueError: no document, or not as many texts.

        """
        return cls(
            nats=np.array([float(own.sum()) for own in nats]),
            tokens=np.array([len(own) for own in nats]),
            size=np.array([len(text.encode("utf-8", "surrogatepass")) for text in texts]),
            words=np.array([len(text.split()) for text in texts]),
        )


@dataclass(frozen=True)
class Figures:
    """Those of all documents together; lower is better.

    Undefined is what has nothing to divide by: texts without a byte or a word.

    Attributes:
        bits_per_byte: ``sum of nats / ln 2 / UTF-8 bytes``.
        token_perplexity: ``exp(sum of nats / tokens)``, the end of a document being a token.
        word_perplexity: ``exp(sum of nats / words)``, the end of a document being no word.

    """

    bits_per_byte: Estimate
    token_perplexity: Estimate
    word_perplexity: Estimate


def figures(losses: Losses, resamples: int, seed: int) -> Figures:
    """Measure a model.

    Args:
        losses: on the documents; a single one gives no interval.
        resamples: how many bootstrap samples; 0 gives no interval.
        seed: of the draws.

    """
    return _joined(*_measured(losses, resamples, seed))


def compared(
    model: Losses, baseline: Losses, resamples: int, seed: int
) -> tuple[Figures, Figures, Figures]:
    """Return a model's figures, a baseline's, and by how much the former exceed the latter.

    All on the same draws. Token perplexities are those of one task where the two have the same
    tokenizer alone.

    Raises:
        ValueError: the two were not measured on the same texts.

    """
    if not np.array_equal(model.size, baseline.size):
        raise ValueError("a paired bootstrap needs models measured on the same texts")
    values, drawn = _measured(model, resamples, seed)
    base, base_drawn = _measured(baseline, resamples, seed)
    # Two figures that exceed a float have no difference.
    with np.errstate(invalid="ignore"):
        difference = _joined(values - base, drawn - base_drawn)
    return _joined(values, drawn), _joined(base, base_drawn), difference


def _measured(losses: Losses, resamples: int, seed: int) -> tuple[Floats, Floats]:
    """Return the three figures, shape (3,), and those of bootstrap samples, (resamples, 3)."""
    columns = np.stack([losses.nats, losses.size, losses.tokens, losses.words], axis=1)
    return _ratios(columns.sum(axis=0)), _ratios(resampled(columns, resamples, seed))


def _ratios(sums: Floats) -> Floats:
    """Turn sums of nats, bytes, tokens and words, shape (..., 4), into the figures, (..., 3)."""
    nats, units = sums[..., :1], sums[..., 1:]
    found: Floats = np.divide(nats, units, out=np.full(units.shape, np.nan), where=units > 0)
    found[..., 0] /= np.log(2)
    with np.errstate(over="ignore"):
        found[..., 1:] = np.exp(found[..., 1:])
    return found


def _joined(values: Floats, drawn: Floats) -> Figures:
    bits, token, word = (estimate(float(values[at]), drawn[:, at]) for at in range(3))
    return Figures(bits, token, word)
