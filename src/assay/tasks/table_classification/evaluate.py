"""Measure a table classifier: bundle and baselines, slices, the columns that matter.

Reads the bundle, the three splits, and the reports of earlier stages. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.bundle.classifier import Classifier
from assay.modalities.table import cells
from assay.modalities.table.encoding import of_bundle, records
from assay.objectives.classification import baselines, evaluation, metrics
from assay.objectives.classification import slices as by_slice
from assay.objectives.classification.labels import known_labels
from assay.progress import Progress, say
from assay.reporting.section import Section
from assay.tasks.table_classification import baseline
from assay.tasks.table_classification.importance import REPEATS, importance

if TYPE_CHECKING:
    from assay.objectives.classification.metrics import Predictions
    from assay.paths import ModelPaths
    from assay.reporting.report import Report
    from assay.tasks.table_classification.settings import TableClassificationModel

SHOWN = 6


def evaluate(settings: TableClassificationModel, files: ModelPaths) -> Report:
    """Measure the bundle on the test split beside its baselines.

    Raises:
        BundleRefused: the bundle's bytes were altered.
        DataRefused: the test split is empty, holds labels that the bundle doesn't know, or lacks a
            column of ``ingest.slices``.

    """
    bundle = Classifier.open(files.bundle, of_bundle, threads=settings.evaluate.threads)
    train, validation, test = (
        pd.read_parquet(files.split(name)) for name in ("train", "validation", "test")
    )
    truth = known_labels(test, bundle.labels)
    say(f"evaluate: {len(test):,} test rows, {bundle.precision} on {bundle.provider}")
    with Progress("predicting the test split", len(test)) as bar:
        found = bundle.predict(records(test), progress=bar).probabilities
    model = metrics.predictions(truth, found, bundle.labels)
    say("fitting the baselines (logistic regression, gradient boosting) ...")
    simple = baseline.fitted(
        train, validation, test, settings.ingest, bundle.labels, settings.evaluate.seed
    )
    held = known_labels(validation, bundle.labels, "validation")
    tested = evaluation.Tested(
        table=test,
        model=model,
        baselines=baselines.score(simple, held, truth, bundle.labels),
        slicings=slices(test, settings),
        show=lambda row: show(row, settings),
        sections=[_importance(bundle, test, model, settings)],
    )
    return evaluation.evaluate(tested, bundle.manifest, settings, files)


def slices(table: pd.DataFrame, settings: TableClassificationModel) -> dict[str, pd.Series[str]]:
    """Return every row's slice by each column of ``ingest.slices``, and by missing cells.

    Raises:
        DataRefused: a column that the table lacks.

    """
    found = by_slice.columns(table, settings.ingest.slices)
    features = table[[*settings.ingest.numbers, *settings.ingest.categories]]
    missing = (features.isna() | features.isin([""])).any(axis=1)
    found["missing cells"] = missing.map({True: "some", False: "none"}).astype(object)
    return found


def show(row: pd.Series[Any], settings: TableClassificationModel) -> str:
    """Return the first columns of a row."""
    names = [*settings.ingest.numbers, *settings.ingest.categories][:SHOWN]
    return ", ".join(f"{name} {cells.text_of(row[name]) or 'missing'}" for name in names)


def _importance(
    bundle: Classifier, test: pd.DataFrame, model: Predictions, settings: TableClassificationModel
) -> Section:
    columns = [*settings.ingest.numbers, *settings.ingest.categories]
    table = importance(bundle, test, model, columns, settings.evaluate.seed)
    words = (
        "How much accuracy the model loses when the values of one column are shuffled among the "
        f"rows (permutation importance, the mean of {REPEATS} shufflings): what the model reads, "
        "not what causes the label. Columns that tell the same share their importance."
    )
    return Section("importance", "Columns that matter", words, table)
