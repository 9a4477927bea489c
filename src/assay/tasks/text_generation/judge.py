"""Judge a challenger on documents: what the gate needs to know of this task.

Reads what it is told to. Writes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pandas as pd

from assay.bundle.language_model import LanguageModel
from assay.bundle.sampling import Sampling
from assay.modalities.text import codec
from assay.modalities.text.ingest import TEXT
from assay.objectives.generation.champion_rules import against
from assay.objectives.generation.latency import latency
from assay.progress import say
from assay.tasks.text_generation import scored
from assay.tasks.text_generation.documents import Documents, require_documents
from assay.verdicts import GateFindings

if TYPE_CHECKING:
    from pathlib import Path

    from assay.objectives.generation.bits import Losses
    from assay.settings.release import Gate
    from assay.tasks.text_generation.settings import TextGenerationModel
    from assay.verdicts import GateInputs, Rule

TIMED = 100


def judge(settings: TextGenerationModel, given: GateInputs) -> GateFindings:
    """Return the rules on a challenger: bits per byte against the champion, and its speed.

    Raises:
        BundleRefused: a bundle cannot be opened.
        DataRefused: the test split is empty.

    """
    test = pd.read_parquet(given.splits["test"], columns=[TEXT])[TEXT].tolist()
    require_documents(test)
    challenger = _opened(given.challenger, settings)
    rules = [_speed(challenger, settings.gate)]
    if given.champion is not None:
        champion = _opened(given.champion, settings)
        new = _losses(challenger, given.challenger, test)
        old = _losses(champion, given.champion, test)
        rules.insert(0, against(new, old, given.level, settings))
    return GateFindings(rules=tuple(rules))


def _opened(folder: Path, settings: TextGenerationModel) -> LanguageModel:
    return LanguageModel.open(folder, codec.read, threads=settings.evaluate.threads)


def _losses(model: LanguageModel, folder: Path, test: list[str]) -> Losses:
    say(f"gate: {folder} on {len(test):,} test documents, {model.precision} on {model.provider}")
    documents = Documents.of(test, model.tokenizer)
    return scored.scores(model.generator.scorer(), documents, "scoring").losses


def _speed(model: LanguageModel, gate: Gate) -> Rule:
    """Time single tokens, of one text after another until there are enough."""
    taken: list[float] = []
    for row in range(TIMED):
        stream = model.generator.stream([], TIMED - len(taken), Sampling(), row=row)
        while stream.ending is None:
            begin = time.perf_counter()
            next(stream, None)
            taken.append(time.perf_counter() - begin)
        if len(taken) >= TIMED:
            break
    return latency(taken, gate, "a token")
