"""Sections of a language model's report.

Reads and writes nothing: returns Markdown. Everything that comes from data, and everything that was
generated, is escaped, so that a text is never read as a table, a picture, a link or HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.objectives.generation import figure_table, plots
from assay.objectives.generation.figure_table import interval, signed
from assay.objectives.generation.sampled import QUANTILES
from assay.reporting.markdown import escaped, number, percent, tabulate
from assay.reporting.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.objectives.generation.figures import Compared
    from assay.objectives.generation.sampled import Sampled, Texts
    from assay.records import Metric


@dataclass(frozen=True)
class Sample:
    """A text that the model wrote: behind which prompt, at which temperature."""

    prompt: str
    temperature: float
    text: str


def lead(kind: str, precision: str, compared: Compared, rows: int, baseline: str) -> str:
    """Return the page's first paragraph: what the model is, how good, and beside what."""
    own, base = compared.model.bits_per_byte, compared.baseline.bits_per_byte
    share = "" if not (own.value and base.value) else f", {own.value / base.value - 1:+.1%}"
    shown = interval(own.low, own.high)
    apart = compared.difference.bits_per_byte
    verdict = figure_table.verdict(compared.better, "document")
    return (
        f"This {escaped(kind)} model is served as ONNX in {precision}. On {rows:,} test documents "
        f"that it never saw it needs {number(own.value)} bits per byte{shown}, "
        f"and {number(compared.model.token_perplexity.value)} is its perplexity per token.\n\n"
        f"{verdict} On the same documents the baseline ({baseline}) needs {number(base.value)} "
        f"bits per byte{share}: the model minus the baseline is {signed(apart.value)}"
        f"{interval(apart.low, apart.high, is_signed=True)}."
    )


def figures(metrics: Sequence[Metric], resamples: int, surcharge: str) -> Section:
    """Return every figure of the model and of the baseline, with intervals."""
    words = (
        f"{figure_table.table(metrics)}\n\nBits per byte and perplexity per word do "
        "not depend on the tokenizer, perplexity per token does. A word is what stands between "
        "white space: in Chinese that figure says nothing. The end of a document counts as a "
        "token.\n\n"
        f"{surcharge}Intervals are percentiles of {resamples:,} bootstrap samples of the test "
        "documents (Efron & Tibshirani 1993). They tell of chance in the choice of documents, not "
        "of another training run."
    )
    return Section("figures", "Figures", words)


def memorisation(name: str, sampled: Sampled, overlap: float | None) -> Section:
    """Return how much generated texts have verbatim in common with the train split."""
    table = pd.DataFrame(
        [(f"{share:.0%}" if share < 1 else "longest", *_at(share, sampled)) for share in QUANTILES],
        columns=["of the texts", "generated", "held_out"],
    )
    length = sampled.copied_length
    shared = (
        ""
        if overlap is None
        else (
            f" Of all runs of {length} characters in the test split, {percent(overlap)} stand in "
            "the train split, too."
        )
    )
    words = (
        f"The longest passage of each of {len(sampled.generated.overlaps):,} generated texts that "
        "stands word for word in a train text, in characters; beside it that of "
        f"{_usual(sampled)}, which say how much stock phrases make of it. "
        f"{percent(sampled.generated.copied(length))} of generated texts and "
        f"{percent(sampled.held_out.copied(length))} of held-out ones have a passage of {length} "
        f"characters or more.{shared}"
    )
    draw = partial(plots.overlaps, sampled=sampled, title=f"{name}: passages of the train split")
    return Section("memorisation", "Memorisation", words, table, draw)


def quality(sampled: Sampled) -> Section:
    """Return how varied, repetitive and long generated texts are, beside held-out ones."""
    rows = [
        (title, own, usual)
        for (title, own), (_, usual) in zip(
            _qualities(sampled.generated), _qualities(sampled.held_out), strict=True
        )
    ]
    words = (
        f"{sampled.generated.quality.samples:,} texts generated from no prompt at temperature 1, "
        f"beside {_usual(sampled)}. Distinct: different runs of so many tokens over all tokens "
        "(distinct-n, Li et al. 2016); it falls as texts grow in number and length. Repeated: runs "
        "of a text that stood earlier in it (seq-rep-n, Welleck et al. 2020).\n\n"
        + tabulate(("figure", "generated", "held out"), rows, right=(1, 2))
    )
    return Section("quality", "Generated texts", words)


def samples(shown: Sequence[Sample], seed: int) -> Section:
    """Return some texts as they came, none chosen."""
    rows = [(escaped(one.prompt), f"{one.temperature:g}", escaped(one.text)) for one in shown]
    prompts, temperatures = {one.prompt for one in shown}, {one.temperature for one in shown}
    words = (
        f"Beginnings of test documents: {len(prompts)}; temperatures: {len(temperatures)}; seed "
        f"{seed}. None was chosen, and line breaks are shown as spaces.\n\n"
        + tabulate(("prompt", "temperature", "text"), rows)
    )
    return Section("samples", "Samples", words)


def use() -> Section:
    """Return what the model is meant for."""
    words = (
        "- Meant to continue texts like those of the train split, as drafts that a person reads.\n"
        "- It knows no facts: what it says is likely, not true.\n"
        "- It repeats what its authors wrote, prejudices and personal data included: see "
        "Memorisation, and the counts of personal data in the Data Docs."
    )
    return Section("use", "Use and limits", words)


def _usual(sampled: Sampled) -> str:
    """Return what generated texts are compared with."""
    count = sampled.held_out.quality.samples
    return f"{count:,} held-out passages of {sampled.most_tokens:,} tokens at most"


def _at(share: float, sampled: Sampled) -> tuple[float, float]:
    own, usual = sampled.generated.overlaps, sampled.held_out.overlaps
    return float(np.quantile(own, share)), float(np.quantile(usual, share))


def _qualities(texts: Texts) -> list[tuple[str, str]]:
    found = texts.quality
    varied = [
        (f"{name} {order.order}", number(value))
        for order in found.varieties
        for name, value in (("distinct", order.distinct), ("repeated", order.repeated))
    ]
    return [
        *varied,
        ("repeated lines", number(found.repeated_lines)),
        ("tokens, median", f"{found.tokens.median:,.0f}"),
        ("characters, median", f"{found.characters.median:,.0f}"),
        ("empty", f"{found.empty:,}"),
    ]
