"""Judge a challenger on documents: what the gate needs to know of this task.

Reads what it is told to. Writes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.bundle.language_model import LanguageModel
from assay.bundle.sampling import Sampling
from assay.modalities.text import codec
from assay.objectives.generation.champion_rules import against
from assay.progress import say
from assay.tasks.text_generation import scored
from assay.tasks.text_generation.evaluate import require_documents
from assay.tasks.text_generation.train import TEXT
from assay.verdicts import GateFindings, Rule

if TYPE_CHECKING:
    from pathlib import Path

    from assay.objectives.generation.bits import Losses
    from assay.settings.release import Gate
    from assay.tasks.text_generation.settings import TextGenerationModel
    from assay.verdicts import GateInputs

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
    return scored.scores(model, test, "scoring").losses


def _speed(model: LanguageModel, gate: Gate) -> Rule:
    """Time single tokens of one text."""
    taken, begin = [], time.perf_counter()
    for _ in model.write("", TIMED, Sampling()):
        end = time.perf_counter()
        taken.append(1000 * (end - begin))
        begin = end
    slow = float(np.quantile(taken, 0.95)) if taken else 0.0
    return Rule(
        name="latency",
        title="latency of a token",
        passed=slow <= gate.max_latency_ms,
        found=f"95th percentile {slow:.1f} ms at batch size 1",
        required=f"at most {gate.max_latency_ms:g} ms (a warning: timings vary)",
        figures={"p95_ms": round(slow, 3)},
        warning=True,
    )
