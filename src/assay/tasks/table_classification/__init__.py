"""Row of a table in, one of several classes out: a multilayer perceptron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.tasks.table_classification.settings import TableClassificationModel as Settings
from assay.tasks.task import Column, PredictingTask, Proposal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from assay.bundle.encoding import Encoder
    from assay.bundle.manifest import Manifest
    from assay.learning.run import TrainingRun
    from assay.modalities.requests import Requests
    from assay.modalities.targets import Measurement, Targets
    from assay.monitoring.measures import Measures
    from assay.paths import ModelPaths
    from assay.records import Parity, SplitReport, Timings
    from assay.reporting.report import Report
    from assay.verdicts import GateFindings, GateInputs


class TableClassification(PredictingTask[Settings]):
    """Columns as the modality reads them, labels as the objective measures them, an MLP between."""

    settings = Settings
    data, task = "table", "classification"
    columns = (
        Column("label", "The column that holds the classes (of images: if it is not `label`)."),
    )

    def propose(self, data: Path, columns: Mapping[str, str]) -> Proposal[Settings]:
        """Return settings that fit a table of features."""
        from assay.tasks.table_classification.new import propose

        return propose(data, columns)

    def starting_point(self, settings: Settings) -> str:
        """Return that the network starts from random weights: each table has its own columns."""
        return f"{settings.train.network}, from random weights"

    def ingest(self, settings: Settings, inbox: Path, target: Path) -> dict[str, int]:
        """Write every row of the source and the inbox, with its label."""
        from assay.modalities.table.ingest import ingest

        return ingest(settings.ingest, {"label": settings.ingest.label}, inbox, target)

    def measure(self, raw: Path, settings: Settings) -> Measurement:
        """Measure columns and labels, and which columns alone tell the label."""
        from assay.modalities.table import measure
        from assay.tasks.table_classification.leakage import with_leakage

        bounds = settings.validation
        found = measure.measure(
            raw, settings.ingest, _targets(settings), max_categories=bounds.max_categories
        )
        return with_leakage(found, raw, settings.ingest, bounds.max_single_column_accuracy)

    def split(
        self, raw: Path, settings: Settings, folder: Path, earlier: Path | None
    ) -> SplitReport:
        """Split by the hash of a row's features."""
        from assay.modalities.table.split import split

        return split(raw, settings.ingest, settings.split, _targets(settings), folder)

    def training_digest(self, settings: Settings, files: ModelPaths) -> str:
        """Digest settings, columns, splits, code and machine."""
        from assay.learning.identity import training_digest

        columns = (*settings.ingest.numbers, "", *settings.ingest.categories)
        return training_digest(settings.train, (*settings.labels, "", *columns), files, None)

    def train(self, settings: Settings, files: ModelPaths, run: TrainingRun) -> None:
        """Train the perceptron."""
        from assay.tasks.table_classification.train import train

        train(settings, files, run)

    def export(self, settings: Settings, files: ModelPaths, folder: Path) -> tuple[Parity, Timings]:
        """Write the bundle: graph, manifest, model card."""
        from assay.tasks.table_classification.export import export

        return export(settings, files, folder)

    def evaluate(self, settings: Settings, files: ModelPaths) -> Report:
        """Measure the bundle beside logistic regression and gradient boosting."""
        from assay.tasks.table_classification.evaluate import evaluate

        return evaluate(settings, files)

    def observe(self, settings: Settings, bundle: Path, table: pd.DataFrame) -> Measures:
        """Return the model's answers, and every column that it reads."""
        from assay.tasks.table_classification.observe import observe

        return observe(settings, bundle, table)

    def judge(self, settings: Settings, given: GateInputs) -> GateFindings:
        """Compare bundles on rows; slices by column."""
        from assay.tasks.table_classification.judge import judge

        return judge(settings, given)

    def encoder(self, folder: Path, manifest: Manifest) -> Encoder:
        """Return the encoder of rows of raw values."""
        from assay.modalities.table.encoding import of_bundle

        return of_bundle(folder, manifest)

    def requests(self, settings: Settings) -> Requests:
        """Return rows: JSON objects, or a table."""
        from assay.modalities.table.requests import RowRequests

        return RowRequests(settings.ingest)


def _targets(settings: Settings) -> Targets:
    from assay.objectives.classification.label_rules import LabelRules

    return LabelRules(settings.labels)


TABLE_CLASSIFICATION = TableClassification()
