"""Measure a language model: bundle and n-grams, what it generates, what it knows by heart.

Reads the bundle, the splits, the reports of earlier stages and, where it was fine-tuned, the
pretrained checkpoint. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.bundle.language_model import LanguageModel
from assay.modalities.text import codec
from assay.modalities.text.ingest import TEXT
from assay.objectives.generation import evaluation
from assay.objectives.generation.memorisation import shared_ngrams
from assay.progress import say
from assay.tasks.text_generation import baseline, before, samples, scored
from assay.tasks.text_generation.documents import Documents, require_documents, texts_of

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
    train, test = texts_of(files, "train"), Documents.of(table[TEXT].tolist(), model.tokenizer)
    require_documents(test.texts)
    say(f"evaluate: {len(table):,} test documents, {model.precision} on {model.provider}")
    own = scored.scores(model.generator.scorer(), test, "scoring the test split")
    tuned = before.compared(settings, model, test, own)
    say(f"fitting the baseline ({baseline.name(chosen.baseline_order)}) ...")
    simple = baseline.scores(train, test, model.tokenizer, chosen.baseline_order)
    tested = evaluation.Tested(
        table=table,
        model=own,
        baseline=simple,
        baseline_name=baseline.name(chosen.baseline_order),
        sampled=samples.sampled(model, train, test, chosen),
        samples=samples.shown(model, test, chosen.seed),
        overlap=shared_ngrams(test.texts, train, chosen.copied_length).share,
        surcharge=scored.surcharge_note(test),
        fine_tuning=tuned,
    )
    return evaluation.evaluate(tested, model.manifest, settings, files)
