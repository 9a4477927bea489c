"""Measure a text classifier: predictions of bundle and baselines, slices by column and length.

Reads the bundle, the three splits, and the reports of earlier stages. Writes nothing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.bundle.classifier import Classifier
from assay.modalities.text.encoding import of_bundle
from assay.objectives.classification import baselines, evaluation, metrics
from assay.objectives.classification import slices as by_slice
from assay.objectives.classification.labels import known_labels
from assay.progress import Progress, say
from assay.tasks.text_classification import alternatives, baseline, explained
from assay.tasks.text_classification.settings import FROM_SCRATCH

if TYPE_CHECKING:
    from assay.objectives.classification.baselines import Scored
    from assay.paths import ModelPaths
    from assay.reporting.report import Report
    from assay.tasks.text_classification.settings import TextClassificationModel

# Characters. Fixed, so that a slice means the same after each retraining.
LENGTHS = (40, 80, 160, 320)


def evaluate(settings: TextClassificationModel, files: ModelPaths) -> Report:
    """Measure the bundle on the test split beside its baselines.

    Raises:
        BundleRefused: the bundle's bytes were altered.
        DataRefused: the test split is empty, holds labels that the bundle doesn't know, or lacks a
            column of ``ingest.slices``.

    """
    bundle = Classifier.open(files.bundle, of_bundle, threads=settings.evaluate.threads)
    test = pd.read_parquet(files.split("test"))
    truth = known_labels(test, bundle.labels)
    say(f"evaluate: {len(test):,} test rows, {bundle.precision} on {bundle.provider}")
    texts = test["text"].astype(str).tolist()
    with Progress("predicting the test split", len(texts)) as bar:
        found = bundle.predict(texts, progress=bar).probabilities
    model = metrics.predictions(truth, found, bundle.labels)
    simple = _baselines(settings, files, texts, truth, bundle.labels)
    sections = [explained.section(bundle, texts, model, settings.evaluate.seed)]
    if settings.train.network not in FROM_SCRATCH:
        sections.append(alternatives.section(model, simple[0]))
    tested = evaluation.Tested(
        table=test,
        model=model,
        baselines=simple,
        slicings=slices(test, settings),
        show=lambda row: str(row["text"]),
        sections=sections,
    )
    return evaluation.evaluate(tested, bundle.manifest, settings, files)


def _baselines(
    settings: TextClassificationModel,
    files: ModelPaths,
    texts: list[str],
    truth: list[str],
    labels: tuple[str, ...],
) -> list[Scored]:
    """Fit every baseline, the simplest first; ``texts`` and ``truth`` are the test split's."""
    say("fitting the baselines ...")
    train, validation = (
        pd.read_parquet(files.split(name), columns=["text", "label"])
        for name in ("train", "validation")
    )
    asked, seed = validation["text"].astype(str).tolist(), settings.evaluate.seed
    found = [
        baseline.tf_idf(train, asked, texts, labels, seed),
        baseline.frozen_encoder(settings, files, texts),
    ]
    fitted = [one for one in found if one]
    return baselines.score(fitted, known_labels(validation, labels, "validation"), truth, labels)


def slices(table: pd.DataFrame, settings: TextClassificationModel) -> dict[str, pd.Series[str]]:
    """Return every row's slice by each column of ``ingest.slices``, and by its length.

    Raises:
        DataRefused: a column that the table lacks.

    """
    found = by_slice.columns(table, settings.ingest.slices)
    found["characters"] = _by_length(table["text"].astype(str).str.len())
    return found


def _by_length(lengths: pd.Series[Any]) -> pd.Series[str]:
    middle = [f"{low + 1} to {high}" for low, high in pairwise(LENGTHS)]
    names = [f"up to {LENGTHS[0]}", *middle, f"over {LENGTHS[-1]}"]
    cut: pd.Series[str] = pd.cut(lengths, [-1, *LENGTHS, float("inf")], labels=names)
    return cut
