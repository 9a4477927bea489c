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
from assay.objectives.generation.intervals import Estimate, share
from assay.objectives.generation.recorded import Names, better, ends

if TYPE_CHECKING:
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
    """A model on the documents of the test split.

    Attributes:
        losses: what each document costs.
        right: how many tokens of each the model held most probable, shape (documents,).

    """

    losses: Losses
    right: Counts


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
        nats, base_nats = (_logged(one.token_perplexity) for one in (self.model, self.baseline))
        return (
            NAMES.metric(
                "bits_per_byte",
                self.model.bits_per_byte,
                self.baseline.bits_per_byte,
                self.difference.bits_per_byte,
            ),
            NAMES.metric("nats_per_token", nats, base_nats),
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


def compare(model: Scores, baseline: Losses, resamples: int, seed: int) -> Compared:
    """Measure both on the same bootstrap samples of documents.

    Raises:
        ValueError: they were not measured on the same documents.

    """
    columns = np.stack([model.right, model.losses.tokens], axis=1)
    own, base, difference = bits.compared(model.losses, baseline, resamples, seed)
    return Compared(own, base, difference, share(columns, resamples, seed))


def _logged(perplexity: Estimate) -> Estimate:
    """Return nats of a perplexity."""
    return Estimate(*(None if own is None else math.log(own) for own in ends(perplexity)))
