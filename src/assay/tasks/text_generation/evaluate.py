"""Measure a language model: bundle and n-grams, what it generates, what it knows by heart.

Reads the bundle, the splits, the reports of earlier stages and, where it was fine-tuned, the
pretrained checkpoint. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.bundle.language_model import LanguageModel
from assay.errors import DataRefused
from assay.modalities.text import codec
from assay.objectives.generation import evaluation
from assay.objectives.generation.memorisation import shared_ngrams
from assay.progress import say
from assay.tasks.text_generation import baseline, before, samples, scored
from assay.tasks.text_generation.train import TEXT, texts_of

if TYPE_CHECKING:
    from assay.paths import ModelPaths
    from assay.reporting.report import Report
    from assay.tasks.text_generation.settings import TextGenerationModel


def evaluate(settings: TextGenerationModel, files: ModelPaths) -> Report:
    """Measure the bundle on the test split beside its baseline.

    Raises:
        BundleRefused: the bundle's bytes were altered.
        DataRefused: the test split is empty.
        SettingsError: the pretrained checkpoint is not there.
        UsageError, SourceRefused: the corpus ``evaluate.also`` is unknown, or not to be had.

    """
    chosen = settings.evaluate
    model = LanguageModel.open(files.bundle, codec.read, threads=chosen.threads)
    table = pd.read_parquet(files.split("test"))
    train, test = texts_of(files, "train"), table[TEXT].tolist()
    require_documents(test)
    say(f"evaluate: {len(test):,} test documents, {model.precision} on {model.provider}")
    own = scored.scores(model, test, "scoring the test split")
    tuned = before.compared(settings, model, test, own)
    say(f"fitting the baseline ({baseline.name(chosen.baseline_order)}) ...")
    simple = baseline.scores(train, test, model.tokenizer, chosen.baseline_order)
    tested = evaluation.Tested(
        table=table,
        model=own,
        baseline=simple,
        baseline_name=baseline.name(chosen.baseline_order),
        sampled=samples.sampled(model, samples.Splits(train, test), chosen),
        samples=samples.shown(model, test, chosen.seed),
        overlap=shared_ngrams(test, train, chosen.copied_length).share,
        surcharge=scored.surcharge_note(test, model.tokenizer),
        fine_tuning=tuned,
    )
    return evaluation.evaluate(tested, model.manifest, settings, files)


def require_documents(test: list[str]) -> None:
    """Refuse an empty test split.

    Raises:
        DataRefused: there is no document in it.

    """
    if not test:
        raise DataRefused(
            "the test split has no document",
            expected="one or more",
            cure="bring more documents, or raise split.test in params.yaml",
        )
