"""Measure a text classifier: predictions of bundle and baseline, slices by column and length.

Reads the bundle, the train and test splits, and the reports of earlier stages. Writes nothing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.bundle.classifier import Classifier
from assay.modalities.text.encoding import of_bundle
from assay.objectives.classification import evaluation, metrics
from assay.objectives.classification import slices as by_slice
from assay.objectives.classification.labels import known_labels
from assay.progress import Progress, say
from assay.tasks.text_classification import baseline

if TYPE_CHECKING:
    from assay.paths import ModelPaths
    from assay.reporting.report import Report
    from assay.tasks.text_classification.settings import TextClassificationModel

BASELINE = "TF-IDF and logistic regression"
# Characters. Fixed, so that a slice means the same after each retraining.
LENGTHS = (40, 80, 160, 320)


def evaluate(settings: TextClassificationModel, files: ModelPaths) -> Report:
    """Measure the bundle on the test split beside the baseline.

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
    say(f"fitting the baseline ({BASELINE}) ...")
    train = pd.read_parquet(files.split("train"), columns=["text", "label"])
    simple = baseline.fit_and_predict(
        train["text"].astype(str).tolist(),
        train["label"].astype(str).tolist(),
        texts,
        bundle.labels,
        settings.evaluate.seed,
    )
    tested = evaluation.Tested(
        table=test,
        model=metrics.predictions(truth, found, bundle.labels),
        baseline=metrics.predictions(truth, simple, bundle.labels),
        baseline_name=BASELINE,
        slicings=slices(test, settings),
        show=lambda row: str(row["text"]),
    )
    return evaluation.evaluate(tested, bundle.manifest, settings, files)


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
