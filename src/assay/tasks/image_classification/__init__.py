"""Image in, one of several classes out: a convolutional network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assay.tasks.image_classification.settings import ImageClassificationModel as Settings
from assay.tasks.task import Column, PredictingTask, Proposal

if TYPE_CHECKING:
    from collections.abc import Mapping

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


class ImageClassification(PredictingTask[Settings]):
    """Images as the modality reads them, labels as the objective measures them, a CNN between."""

    settings = Settings
    data, task = "image", "classification"
    columns = (
        Column("image", "The column that holds images or their paths, if it is not `image`."),
        Column("label", "The column that holds the classes, if it is not `label`."),
    )

    def propose(self, data: Path, columns: Mapping[str, str]) -> Proposal[Settings]:
        """Return settings that fit a folder or a table of images."""
        from assay.tasks.image_classification.new import propose

        return propose(data, columns)

    def starting_point(self, settings: Settings) -> str:
        """Return the pretrained checkpoint, or the network that starts from random weights."""
        from assay.tasks.image_classification.new import starting_point

        return starting_point(settings)

    def ingest(self, settings: Settings, inbox: Path, target: Path) -> dict[str, int]:
        """Write every image of the source and the inbox, with its label."""
        from assay.modalities.image.ingest import ingest

        return ingest(settings.ingest, {"label": settings.ingest.label}, inbox, target)

    def measure(self, raw: Path, settings: Settings) -> Measurement:
        """Measure images and labels."""
        from assay.modalities.image.measure import measure

        return measure(raw, _targets(settings))

    def split(
        self, raw: Path, settings: Settings, folder: Path, earlier: Path | None
    ) -> SplitReport:
        """Split by pixels, near duplicates on one side; a given test split is kept."""
        from assay.modalities.image.split import split

        return split(raw, settings.split, _targets(settings), folder, earlier)

    def training_digest(self, settings: Settings, files: ModelPaths) -> str:
        """Digest settings, splits, pretrained checkpoint, code and machine."""
        from assay.learning.identity import training_digest

        source = settings.train.checkpoint
        return training_digest(settings.train, settings.labels, files, source)

    def train(self, settings: Settings, files: ModelPaths, run: TrainingRun) -> None:
        """Train the network that the settings name."""
        from assay.tasks.image_classification.train import train

        train(settings, files, run)

    def export(self, settings: Settings, files: ModelPaths, folder: Path) -> tuple[Parity, Timings]:
        """Write the bundle: graph, manifest, model card."""
        from assay.tasks.image_classification.export import export

        return export(settings, files, folder)

    def evaluate(self, settings: Settings, files: ModelPaths) -> Report:
        """Measure the bundle beside simple models of thumbnails and pixels."""
        from assay.tasks.image_classification.evaluate import evaluate

        return evaluate(settings, files)

    def observe(self, settings: Settings, bundle: Path, table: pd.DataFrame) -> Measures:
        """Return the model's answers, brightness and contrast."""
        from assay.tasks.image_classification.observe import observe

        return observe(settings, bundle, table)

    def judge(self, settings: Settings, given: GateInputs) -> GateFindings:
        """Compare bundles on images; slices by column, brightness and contrast."""
        from assay.tasks.image_classification.judge import judge

        return judge(settings, given)

    def pretrained(self, settings: Settings) -> Path | None:
        """Return the folder of the pretrained network, if there is one."""
        return Path(settings.train.checkpoint) if settings.train.checkpoint else None

    def encoder(self, folder: Path, manifest: Manifest) -> Encoder:
        """Return the decoder of image files."""
        from assay.modalities.image.encoding import of_bundle

        return of_bundle(folder, manifest)

    def requests(self, settings: Settings) -> Requests:
        """Return images: files, a folder, or a table that lists them."""
        from assay.modalities.image.requests import ImageRequests

        return ImageRequests(settings.ingest.image, settings.ingest.limits)


def _targets(settings: Settings) -> Targets:
    from assay.objectives.classification.label_rules import LabelRules

    return LabelRules(settings.labels)


IMAGE_CLASSIFICATION = ImageClassification()
