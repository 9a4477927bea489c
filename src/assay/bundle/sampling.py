"""Which token comes next: from a language model's logits, by settings and a seed.

Reads and writes nothing. In this order, as transformers has it: repetition penalty, temperature,
top-k, top-p. The logits that each of them changes or removes:

- repetition penalty r: of tokens that are there already, in the prompt too, a positive logit is
  divided by r and a negative one multiplied (Keskar et al., "CTRL", 2019, who divide both).
- temperature t: all are divided by t; 0 stands for the limit, the most probable token alone.
- top-k: all but the k most probable (Fan et al., "Hierarchical neural story generation", 2018).
- top-p: all but the fewest most probable that have p of the probability together (Holtzman et
  al., "The curious case of neural text degeneration", 2020).

Of equally probable tokens, the one with the lowest id is taken first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Logits = np.ndarray[Any, np.dtype[np.floating[Any]]]
    Booleans = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn.

    Attributes:
        temperature: 0 (the most probable token) or more.
        top_k: how many tokens are left, 1 or more; None: all.
        top_p: the probability of those that are left, more than 0, at most 1.
        repetition_penalty: more than 0; 1 is none, less makes repetition likelier.
        seed: 0 or more; the same seed and logits give the same tokens.

    Raises:
        UsageError: one of them is not in its range.

    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no token can be drawn by."""
        ranges = (
            ("temperature", 0 <= self.temperature < np.inf, "0 (always the most probable) or more"),
            ("top_k", self.top_k is None or self.top_k >= 1, "a whole number, 1 or more"),
            ("top_p", 0 < self.top_p <= 1, "more than 0, at most 1"),
            ("repetition_penalty", 0 < self.repetition_penalty < np.inf, "more than 0; 1 is none"),
            ("seed", self.seed >= 0, "a whole number, 0 or more"),
        )
        for name, is_possible, expected in ranges:
            if not is_possible:
                raise UsageError(
                    f"{name} is {getattr(self, name)}", expected=expected, cure=f"correct {name}"
                )


class Sampler:
    """Draws the tokens of one text, one after the other."""

    def __init__(
        self, sampling: Sampling, prompt: Iterable[int], vocabulary: int, row: int = 0
    ) -> None:
        """Begin behind a prompt; texts of one seed differ by ``row``."""
        self._sampling = sampling
        self._random = np.random.default_rng([sampling.seed, row])
        self._seen = np.zeros(vocabulary, dtype=np.bool_)
        self._seen[list(prompt)] = True

    def next(self, logits: Logits) -> int:
        """Return the token that follows, by logits (vocabulary,)."""
        sums = probabilities(logits, self._seen, self._sampling).cumsum()
        # The first token whose sum exceeds the number: never one without probability.
        token = int(sums.searchsorted(self._random.random() * sums[-1], side="right"))
        # Rounding may bring the number up to the last sum.
        token = min(token, int(sums.searchsorted(sums[-1])))
        self._seen[token] = True
        return token


def probabilities(logits: Logits, seen: Booleans, sampling: Sampling) -> Floats:
    """Return what each token is drawn with, (vocabulary,), of logits (vocabulary,).

    ``seen``: which tokens are there already, (vocabulary,).
    """
    scores = logits.astype(np.float64)
    penalty = sampling.repetition_penalty
    scores[seen] = np.where(scores[seen] > 0, scores[seen] / penalty, scores[seen] * penalty)
    if sampling.temperature == 0:
        return np.asarray(np.arange(len(scores)) == scores.argmax(), dtype=np.float64)
    scores -= scores.max()
    with np.errstate(over="ignore"):  # a small temperature makes of all but the greatest -inf
        scores /= sampling.temperature
    if sampling.top_k is not None and sampling.top_k < len(scores):
        scores[~_greatest(scores, sampling.top_k)] = -np.inf
    found = np.exp(scores)
    found /= found.sum()
    if sampling.top_p < 1:
        found[~_nucleus(found, sampling.top_p)] = 0
        found /= found.sum()
    return found


def _greatest(scores: Floats, count: int) -> Booleans:
    """Return which are the ``count`` greatest; of equals, the first."""
    least = np.partition(scores, -count)[-count]
    found: Booleans = scores > least
    found[np.flatnonzero(scores == least)[: count - found.sum()]] = True
    return found


def _nucleus(found: Floats, share: float) -> Booleans:
    """Return which tokens are the fewest that have ``share`` of the probability together."""
    # All that have less than this each have less than the rest together: not worth sorting.
    likely = np.flatnonzero(found >= (1 - share) / len(found))
    order = likely[np.argsort(-found[likely], kind="stable")]
    count = int(found[order].cumsum().searchsorted(share)) + 1
    kept = np.zeros(len(found), dtype=np.bool_)
    kept[order[:count]] = True
    return kept
