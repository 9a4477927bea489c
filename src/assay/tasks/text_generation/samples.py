"""Texts that a bundle generates for its report, and held-out passages that are no longer.

Reads and writes nothing. All of them follow from the settings' seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.sampling import Sampling
from assay.objectives.generation.memorisation import longest_overlaps
from assay.objectives.generation.quality import measured
from assay.objectives.generation.report import Sample
from assay.objectives.generation.sampled import Sampled, Texts
from assay.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.language_model import LanguageModel
    from assay.settings.generation import GenerationEvaluate
    from assay.tasks.text_generation.documents import Documents

PROMPTS, PROMPT_TOKENS, SHOWN_TOKENS = 5, 12, 100
TEMPERATURES = (0.5, 0.8, 1.0)
# Texts that are decoded side by side.
BATCH = 50


def sampled(
    model: LanguageModel, train: Sequence[str], test: Documents, chosen: GenerationEvaluate
) -> Sampled:
    """Generate texts from no prompt at temperature 1; measure them beside held-out ones."""
    most = chosen.sample_tokens
    texts = _generated(model, chosen.samples, most, chosen.seed)
    usual = _held_out(model, test, chosen.samples, most)
    encode = model.tokenizer.encode
    # Together: most of the work is on the train split's texts.
    overlaps = longest_overlaps([*texts, *usual], train)
    return Sampled(
        generated=Texts(measured(texts, encode(texts)), overlaps[: len(texts)]),
        held_out=Texts(measured(usual, encode(usual)), overlaps[len(texts) :]),
        copied_length=chosen.copied_length,
        most_tokens=most,
    )


def shown(model: LanguageModel, test: Documents, seed: int) -> list[Sample]:
    """Return what the model writes behind five beginnings of test documents."""
    places = np.linspace(0, len(test.ids) - 1, min(PROMPTS, len(test.ids))).astype(int)
    prompts = [model.tokenizer.decode(test.ids[place][:PROMPT_TOKENS]) for place in places]
    found = []
    for temperature in TEMPERATURES:
        sampling = Sampling(temperature=temperature, seed=seed)
        written = model.continuations(prompts, SHOWN_TOKENS, sampling)
        found += [
            Sample(prompt, temperature, one.text)
            for prompt, one in zip(prompts, written, strict=True)
        ]
    return found


def _generated(model: LanguageModel, count: int, most: int, seed: int) -> list[str]:
    texts: list[str] = []
    with Progress("generating texts", count) as bar:
        for first in range(0, count, BATCH):
            size = min(BATCH, count - first)
            # A seed for each batch: rows of one batch differ by their place.
            sampling = Sampling(seed=seed + first)
            texts += [one.text for one in model.continuations([""] * size, most, sampling)]
            bar.advance(size)
    return texts


def _held_out(model: LanguageModel, test: Documents, count: int, most: int) -> list[str]:
    """Return passages of test documents, evenly spread; a shorter document is one passage."""
    passages = [
        ids[start : start + most]
        for ids in test.ids
        for start in range(0, max(1, len(ids) - most // 2), most)
    ]
    places = np.linspace(0, len(passages) - 1, min(count, len(passages))).astype(int)
    return [model.tokenizer.decode(passages[place]) for place in places]
