"""The figures of a language model on the test split, beside those of the n-gram baseline.

Reads and writes nothing. Of bits per byte and the perplexities less is better, and bits per byte
alone decides which of two models is better: it does not depend on their tokenizers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.objectives.generation import bits
from assay.objectives.generation.intervals import Estimate, estimate, resampled
from assay.objectives.generation.recorded import Names, better, ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.generation.bits import Figures, Losses
    from assay.objectives.generation.recorded import Better
    from assay.records import Metric

    Counts = np.ndarray[Any, np.dtype[np.int64]]

NAMES = Names(
    titles={
        "bits_per_byte": "bits per byte",
        "nats_per_token": "nats per token",
        "token_perplexity": "perplexity per token",
        "word_perplexity": "perplexity per word",
        "next_token": "next token right",
    },
    decisive="bits_per_byte",
    headlines=("bits_per_byte", "nats_per_token", "next_token"),
    higher=("next_token",),
)


@dataclass(frozen=True, eq=False)
class Scores:
    """A model, or the baseline, on the documents of the test split.

    Attributes:
        losses: what each document costs.
        right: how many tokens of each the model held most probable; None where that is not asked.

    """

    losses: Losses
    right: Counts | None = None


@dataclass(frozen=True)
class Compared:
    """A model and a baseline on the same documents.

    Attributes:
        model: figures of the model.
        baseline: those of the baseline.
        difference: model minus baseline, paired.
        next_token: the share of tokens that the model held most probable.

    """

    model: Figures
    baseline: Figures
    difference: Figures
    next_token: Estimate

    @property
    def better(self) -> Better:
        """Who is ahead in bits per byte beyond chance."""
        return better(self.difference.bits_per_byte)

    def metrics(self) -> tuple[Metric, ...]:
        """Return every figure as a record, in the order in which they are shown."""
        tokens = (_logged(each.token_perplexity) for each in (self.model, self.baseline))
        model_nats, base_nats = tokens
        return (
            NAMES.metric(
                "bits_per_byte",
                self.model.bits_per_byte,
                self.baseline.bits_per_byte,
                self.difference.bits_per_byte,
            ),
            NAMES.metric("nats_per_token", model_nats, base_nats),
            NAMES.metric(
                "token_perplexity",
                self.model.token_perplexity,
                self.baseline.token_perplexity,
                self.difference.token_perplexity,
            ),
            NAMES.metric(
                "word_perplexity",
                self.model.word_perplexity,
                self.baseline.word_perplexity,
                self.difference.word_perplexity,
            ),
            NAMES.metric("next_token", self.next_token),
        )


def compare(model: Scores, baseline: Scores, resamples: int, seed: int) -> Compared:
    """Measure both on the same bootstrap samples of documents.

    Raises:
        ValueError: they were not measured on the same documents; or ``model`` does not say which
            tokens are right.

    """
    if model.right is None:
        raise ValueError("the model's scores do not say which tokens it held most probable")
    return Compared(
        model=bits.figures(model.losses, resamples, seed),
        baseline=bits.figures(baseline.losses, resamples, seed),
        difference=bits.differences(model.losses, baseline.losses, resamples, seed),
        next_token=_share(model.right, model.losses.tokens, resamples, seed),
    )


def _share(right: Sequence[int] | Counts, tokens: Counts, resamples: int, seed: int) -> Estimate:
    columns = np.stack([np.asarray(right), tokens], axis=1).astype(np.float64)
    sums, drawn = columns.sum(axis=0), resampled(columns, resamples, seed)
    return estimate(float(sums[0] / sums[1]), drawn[:, 0] / drawn[:, 1])


def _logged(perplexity: Estimate) -> Estimate:
    """Return nats of a perplexity."""
    return Estimate(*(None if own is None else math.log(own) for own in ends(perplexity)))
