"""What fine-tuning gained and what it made a language model forget, as figures and a section.

Reads and writes nothing. The checkpoint as it came is measured on the test split, and, where
another corpus is named, both it and the bundle on that: a perplexity that rises there says that the
model forgets (McCloskey and Cohen, "Catastrophic interference in connectionist networks", 1989).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.objectives.generation import bits
from assay.objectives.generation.intervals import Estimate, estimate, resampled
from assay.records import Metric
from assay.reporting.markdown import escaped, number, tabulate
from assay.reporting.section import Section

if TYPE_CHECKING:
    from assay.objectives.generation.bits import Losses

DIGITS = 6


@dataclass(frozen=True, eq=False)
class Both:
    """What the checkpoint as it came and the bundle lose on the same documents.

    Raises:
        ValueError: these were other documents, or other tokens.

    """

    before: Losses
    after: Losses

    def __post_init__(self) -> None:
        if not np.array_equal(self.before.tokens, self.after.tokens):
            raise ValueError("fine-tuning keeps the tokenizer: the tokens must be the same ones")

    def rise(self, resamples: int, seed: int) -> Estimate:
        """Return by which share the perplexity per token rises, with its paired interval."""
        columns = np.stack([self.after.nats - self.before.nats, self.after.tokens], axis=1)
        sums, drawn = columns.sum(axis=0), resampled(columns, resamples, seed)
        with np.errstate(over="ignore"):
            return estimate(float(np.expm1(sums[0] / sums[1])), np.expm1(drawn[:, 0] / drawn[:, 1]))


@dataclass(frozen=True)
class Weights:
    """Which weights were trained.

    Attributes:
        trained: how many.
        network: how many the network has.
        rank: of the adapters; None where the network's own weights were trained.

    """

    trained: int
    network: int
    rank: int | None = None

    def words(self) -> str:
        """Return it as a sentence."""
        if self.rank is None:
            return f"All of its {self.network:,} weights were trained."
        return (
            f"Low-rank adapters of rank {self.rank} were trained, {self.trained:,} weights "
            f"({self.trained / self.network:.2%} of the network's {self.network:,}), and merged "
            "into the network's."
        )


@dataclass(frozen=True, eq=False)
class FineTuning:
    """What is known of it.

    Attributes:
        checkpoint: what was fine-tuned, as ``train.checkpoint`` names it.
        weights: which of its weights were trained.
        test: on the test split.
        other: on another corpus, if one is named.
        other_name: of that corpus, with what of it was read; empty where there is none.

    """

    checkpoint: str
    weights: Weights
    test: Both
    other: Both | None = None
    other_name: str = ""

    def metrics(self, resamples: int, seed: int) -> tuple[Metric, ...]:
        """Return the figures as records: of all, less is better."""
        before = bits.figures(self.test.before, resamples, seed).bits_per_byte
        found = [_metric("before_bits_per_byte", "bits per byte before fine-tuning", before)]
        if self.other is not None:
            for name, when, losses in (
                ("also_before", " before fine-tuning", self.other.before),
                ("also", "", self.other.after),
            ):
                own = bits.figures(losses, resamples, seed)
                found += [
                    _metric(f"{name}_{key}", f"{title} of other texts{when}", value)
                    for key, title, value in (
                        ("bits_per_byte", "bits per byte", own.bits_per_byte),
                        ("token_perplexity", "perplexity per token", own.token_perplexity),
                    )
                ]
            rise = self.other.rise(resamples, seed)
            found.append(
                _metric("also_perplexity_rise", "rise of the perplexity of other texts", rise)
            )
        return tuple(found)

    def section(self, resamples: int, seed: int) -> Section:
        """Return both models side by side."""
        parts = [("the test split", self.test)]
        parts += [(self.other_name, self.other)] if self.other else []
        rows = []
        for name, both in parts:
            before, after = (bits.figures(each, 0, seed) for each in (both.before, both.after))
            rise = both.rise(resamples, seed)
            rows.append(
                (
                    escaped(name),
                    number(before.bits_per_byte.value),
                    number(after.bits_per_byte.value),
                    number(before.token_perplexity.value),
                    number(after.token_perplexity.value),
                    _share(rise),
                )
            )
        heads = ("texts", *("bits per byte before", "after"), *("perplexity before", "after"))
        words = (
            f"{escaped(self.checkpoint)} as it came, and the bundle, which was fine-tuned from it. "
            f"{self.weights.words()} "
            "The checkpoint is measured as a bundle is, in fp32; its graph is not kept. Perplexity "
            "is per token, the change that of the perplexity, with its 95 % interval over "
            "documents. On other texts a rise says what the model forgot.\n\n"
            f"{tabulate((*heads, 'change'), rows, right=range(1, 6))}"
        )
        return Section("fine-tuning", "Before and after fine-tuning", words)


def _share(rise: Estimate) -> str:
    if rise.value is None:
        return "undefined"
    ends = "" if rise.low is None or rise.high is None else f" ({_ends(rise.low, rise.high)})"
    return f"{rise.value:+.1%}{ends}"


def _ends(low: float, high: float) -> str:
    return f"{low:+.1%} to {high:+.1%}"


def _metric(name: str, title: str, found: Estimate) -> Metric:
    value, low, high = (
        None if own is None else round(own, DIGITS) for own in (found.value, found.low, found.high)
    )
    return Metric(
        name=name,
        title=title,
        value=value,
        low=low,
        high=high,
        higher_is_better=False,
        headline=name in ("before_bits_per_byte", "also_perplexity_rise"),
    )
