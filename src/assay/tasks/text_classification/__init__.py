"""Text in, one of several classes out: a fine-tuned encoder, an LSTM or a bag of n-grams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.tasks.task import Column, PredictingTask, Proposal
from assay.tasks.text_classification.settings import TextClassificationModel as Settings

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


class TextClassification(PredictingTask[Settings]):
    """Texts as the modality reads them, labels as the objective does, a network between."""

    settings = Settings
    data, task = "text", "classification"
    columns = (
        Column("text", "The column that holds the texts."),
        Column("label", "The column that holds the classes, if it is not `label`."),
    )

    def propose(self, data: Path, columns: Mapping[str, str]) -> Proposal[Settings]:
        """Return settings that fit a table of texts."""
        from assay.tasks.text_classification.new import propose

        return propose(data, columns)

    def starting_point(self, settings: Settings) -> str:
        """Return the pretrained checkpoint, or that the network starts from random weights."""
        checkpoint = settings.train.checkpoint
        self.pretrained(settings)
        return checkpoint or f"{settings.train.network}, from random weights"

    def ingest(self, settings: Settings, inbox: Path, target: Path) -> dict[str, int]:
        """Write every text of the source and the inbox, with its label."""
        from assay.modalities.text.ingest import ingest

        return ingest(settings.ingest, {"label": settings.ingest.label}, inbox, target)

    def measure(self, raw: Path, settings: Settings) -> Measurement:
        """Measure texts and labels."""
        from assay.modalities.text import measure

        return measure.measure(raw, self.pretrained(settings), _targets(settings))

    def split(
        self, raw: Path, settings: Settings, folder: Path, earlier: Path | None
    ) -> SplitReport:
        """Split by normalised text, near duplicates on one side."""
        from assay.modalities.text.split import split

        return split(raw, settings.split, _targets(settings), folder, earlier)

    def training_digest(self, settings: Settings, files: ModelPaths) -> str:
        """Digest settings, splits, pretrained checkpoint, code and machine."""
        from assay.learning.identity import training_digest

        source = self.pretrained(settings)
        return training_digest(settings.train, settings.labels, files, source)

    def train(self, settings: Settings, files: ModelPaths, run: TrainingRun) -> None:
        """Fine-tune an encoder, or learn from random weights."""
        from assay.tasks.text_classification.train import train

        train(settings, files, run)

    def export(self, settings: Settings, files: ModelPaths, folder: Path) -> tuple[Parity, Timings]:
        """Write the bundle: graph, tokenizer, manifest, model card."""
        from assay.tasks.text_classification.export import export

        return export(settings, files, folder)

    def evaluate(self, settings: Settings, files: ModelPaths) -> Report:
        """Measure the bundle beside TF-IDF and logistic regression."""
        from assay.tasks.text_classification.evaluate import evaluate

        return evaluate(settings, files)

    def observe(self, settings: Settings, bundle: Path, table: pd.DataFrame) -> Measures:
        """Return the model's answers, the texts' lengths, what is unknown in them."""
        from assay.tasks.text_classification.observe import observe

        return observe(settings, bundle, table)

    def judge(self, settings: Settings, given: GateInputs) -> GateFindings:
        """Compare bundles on texts; slices by column and length."""
        from assay.tasks.text_classification.judge import judge

        return judge(settings, given)

    def pretrained(self, settings: Settings) -> Path | None:
        """Return the folder of the encoder; None where weights start at random."""
        from assay.modalities.text import pretrained

        checkpoint = settings.train.checkpoint
        return pretrained.locate(checkpoint) if checkpoint else None

    def require_teachers(self, settings: Settings) -> None:
        """Hold the teacher, where there is one, against its digest."""
        if settings.train.teacher is not None:
            from assay.tasks.text_classification import teacher

            teacher.require(settings.train.teacher, settings.labels)

    def encoder(self, folder: Path, manifest: Manifest) -> Encoder:
        """Return the bundle's tokenizer."""
        from assay.modalities.text.encoding import of_bundle

        return of_bundle(folder, manifest)

    def requests(self, settings: Settings) -> Requests:
        """Return texts, from the command line or a table's column."""
        from assay.modalities.text.requests import TextRequests

        return TextRequests(settings.ingest.text, settings.ingest.limits)


def _targets(settings: Settings) -> Targets:
    from assay.objectives.classification.label_rules import LabelRules

    return LabelRules(settings.labels)


TEXT_CLASSIFICATION = TextClassification()
