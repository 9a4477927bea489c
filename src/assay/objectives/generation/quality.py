"""How varied, how repetitive and how long generated samples are.

Reads and writes nothing, and asks no other text: the same figures of held-out texts of equal number
and length say what is usual. What a token is, is the caller's: an id, a word, or a character.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    Tokens = Sequence[Hashable]

ORDERS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Variety:
    """The n-grams of samples; None where every sample is shorter.

    Attributes:
        order: how many tokens an n-gram has.
        distinct: distinct n-grams of all samples over their tokens, 0 to 1 (distinct-n: Li et al.
            2016, "A diversity-promoting objective function for neural conversation models"). It
            falls as samples grow in number and length: compare only samples of equal size.
        repeated: the share of a sample's n-grams that stood earlier in it, 0 to 1, on average
            (seq-rep-n: Welleck et al. 2020, "Neural text generation with unlikelihood training").

    """

    order: int
    distinct: float | None
    repeated: float | None


@dataclass(frozen=True)
class Lengths:
    """How long samples are, in tokens or in characters."""

    shortest: int
    median: float
    mean: float
    longest: int


@dataclass(frozen=True)
class Quality:
    """Figures of samples.

    Attributes:
        samples: their number.
        empty: how many have nothing but white space.
        varieties: one for each order.
        repeated_lines: the share of a sample's lines that stood earlier in it, 0 to 1, on average;
            None where no sample has a line. Blank lines don't count, nor does white space around
            others.
        tokens: lengths in tokens.
        characters: lengths in characters (code points).

    """

    samples: int
    empty: int
    varieties: tuple[Variety, ...]
    repeated_lines: float | None
    tokens: Lengths
    characters: Lengths


def measured(
    texts: Sequence[str], tokens: Sequence[Tokens], orders: Sequence[int] = ORDERS
) -> Quality:
    """Measure samples.

    Args:
        texts: what was generated, without the prompts.
        tokens: the same samples as tokens.
        orders: of the n-grams, 1 or more each.

    Raises:
        ValueError: no sample, or not as many texts as sequences of tokens.

    """
    if not texts or len(texts) != len(tokens):
        raise ValueError(
            f"{len(texts)} texts and {len(tokens)} sequences of tokens; expected one of each for "
            "every sample, and one sample or more"
        )
    return Quality(
        samples=len(texts),
        empty=sum(not text.strip() for text in texts),
        varieties=tuple(_variety(tokens, order) for order in orders),
        repeated_lines=_repeated([_lines(text) for text in texts]),
        tokens=_lengths(tokens),
        characters=_lengths(texts),
    )


def _variety(samples: Sequence[Tokens], order: int) -> Variety:
    grams = [_grams(sample, order) for sample in samples]
    distinct = len(set().union(*grams))
    total = sum(map(len, samples))
    return Variety(
        order=order,
        distinct=distinct / total if any(grams) else None,
        repeated=_repeated(grams),
    )


def _grams(sample: Tokens, order: int) -> list[tuple[Hashable, ...]]:
    return [tuple(sample[start : start + order]) for start in range(len(sample) - order + 1)]


def _lines(text: str) -> list[str]:
    return [line for each in text.splitlines() if (line := each.strip())]


def _repeated(samples: Sequence[Tokens]) -> float | None:
    """Return the share of a sample's parts that stood earlier in it, on average over samples."""
    shares = [1 - len(set(parts)) / len(parts) for parts in samples if parts]
    return fmean(shares) if shares else None


def _lengths(samples: Sequence[Tokens]) -> Lengths:
    sizes = [len(sample) for sample in samples]
    return Lengths(min(sizes), float(median(sizes)), fmean(sizes), max(sizes))
