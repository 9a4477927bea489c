"""Images in, more of them out: a variational autoencoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.tasks.image_generation.settings import ImageGenerationModel as Settings
from assay.tasks.task import Column, Proposal, Task

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from assay.bundle.image_generator import ImageGenerator
    from assay.learning.run import TrainingRun
    from assay.modalities.targets import Measurement, Targets
    from assay.monitoring.measures import Measures
    from assay.paths import ModelPaths
    from assay.records import Parity, SplitReport, Timings
    from assay.reporting.report import Report
    from assay.verdicts import GateFindings, GateInputs


class ImageGeneration(Task[Settings]):
    """Images as the modality reads them, their pixels as what is learned, a VAE between."""

    settings = Settings
    data, task = "image", "generation"
    command = "generate"
    operations = ("infer", "predict")
    columns = (
        Column("image", "The column that holds images or their paths, if it is not `image`."),
    )

    def propose(self, data: Path, columns: Mapping[str, str]) -> Proposal[Settings]:
        """Return settings that fit a folder or a table of images, labels or none."""
        from assay.tasks.image_generation.new import propose

        return propose(data, columns)

    def starting_point(self, settings: Settings) -> str:
        """Return that the network starts from random weights."""
        return f"{settings.train.network}, from random weights"

    def ingest(self, settings: Settings, inbox: Path, target: Path) -> dict[str, int]:
        """Write every image of the source and the inbox; labels are left where they are."""
        from assay.modalities.image.ingest import ingest

        return ingest(settings.ingest, {}, inbox, target)

    def measure(self, raw: Path, settings: Settings) -> Measurement:
        """Measure images."""
        from assay.modalities.image.measure import measure

        return measure(raw, _targets())

    def split(
        self, raw: Path, settings: Settings, folder: Path, earlier: Path | None
    ) -> SplitReport:
        """Split by pixels, near duplicates on one side; a given test split is kept."""
        from assay.modalities.image.split import split

        return split(raw, settings.split, _targets(), folder, earlier)

    def training_digest(self, settings: Settings, files: ModelPaths) -> str:
        """Digest settings, splits, code and machine."""
        from assay.learning.identity import training_digest

        return training_digest(settings.train, settings.labels, files, None)

    def train(self, settings: Settings, files: ModelPaths, run: TrainingRun) -> None:
        """Train the autoencoder."""
        from assay.tasks.image_generation.train import train

        train(settings, files, run)

    def export(self, settings: Settings, files: ModelPaths, folder: Path) -> tuple[Parity, Timings]:
        """Write the bundle: four graphs, manifest, model card."""
        from assay.tasks.image_generation.export import export

        return export(settings, files, folder)

    def evaluate(self, settings: Settings, files: ModelPaths) -> Report:
        """Measure the bundle beside principal components and histograms of pixels."""
        from assay.tasks.image_generation.evaluate import evaluate

        return evaluate(settings, files)

    def judge(self, settings: Settings, given: GateInputs) -> GateFindings:
        """Compare bundles on images, in bits per dimension."""
        from assay.tasks.image_generation.judge import judge

        return judge(settings, given)

    def observe(self, settings: Settings, bundle: Path, table: pd.DataFrame) -> Measures:
        """Return what each image costs the model, its brightness and its contrast."""
        from assay.tasks.image_generation.observe import observe

        return observe(settings, bundle, table)

    def example(self, settings: Settings) -> str:
        """Return words for ``assay generate``."""
        return "--count 64 --output samples.png"

    def open(self, folder: Path, *, threads: int = 2) -> ImageGenerator:
        """Check a bundle's bytes, then load it."""
        from assay.bundle.image_generator import ImageGenerator

        return ImageGenerator.open(folder, threads=threads)


def _targets() -> Targets:
    from assay.objectives.generation.no_targets import NoTargets

    return NoTargets()


IMAGE_GENERATION = ImageGeneration()
