"""Text in, more of it out: a language model, from random weights or fine-tuned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.tasks.task import Column, Proposal, Task
from assay.tasks.text_generation.settings import TextGenerationModel as Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from assay.bundle.language_model import LanguageModel
    from assay.learning.run import TrainingRun
    from assay.modalities.targets import Measurement, Targets
    from assay.monitoring.measures import Measures
    from assay.paths import ModelPaths
    from assay.records import Parity, SplitReport, Timings
    from assay.reporting.report import Report
    from assay.verdicts import GateFindings, GateInputs


class TextGeneration(Task[Settings]):
    """Documents as the modality reads them, every next token as what is learned, a decoder."""

    settings = Settings
    data, task = "text", "generation"
    command = "generate"
    operations = ("generate", "generate_stream", "chat_completions")
    columns = (Column("text", "The column that holds the texts."),)

    def propose(self, data: Path, columns: Mapping[str, str]) -> Proposal[Settings]:
        """Return settings that fit a file or folder of documents."""
        from assay.tasks.text_generation.new import propose

        return propose(data, columns)

    def starting_point(self, settings: Settings) -> str:
        """Return the pretrained checkpoint, or that the network starts from random weights."""
        self.pretrained(settings)
        return settings.train.checkpoint or f"{settings.train.network}, from random weights"

    def ingest(self, settings: Settings, inbox: Path, target: Path) -> dict[str, int]:
        """Write every document of the source and the inbox."""
        from assay.modalities.text.corpus import ingest

        return ingest(settings.ingest, inbox, target)

    def measure(self, raw: Path, settings: Settings) -> Measurement:
        """Measure documents; a tokenizer that is learned later counts no tokens here."""
        from assay.modalities.text.documents import measure

        return measure(raw, settings.ingest, self.pretrained(settings))

    def split(
        self, raw: Path, settings: Settings, folder: Path, earlier: Path | None
    ) -> SplitReport:
        """Split by document, near duplicates on one side; a given test split is kept."""
        from assay.modalities.text.split import split

        return split(raw, settings.split, _targets(), folder, earlier)

    def training_digest(self, settings: Settings, files: ModelPaths) -> str:
        """Digest settings, splits, pretrained checkpoint, code and machine."""
        from assay.learning.identity import training_digest

        source = self.pretrained(settings)
        return training_digest(settings.train, settings.labels, files, source)

    def train(self, settings: Settings, files: ModelPaths, run: TrainingRun) -> None:
        """Learn the tokenizer and train the network, or fine-tune a pretrained one."""
        from assay.tasks.text_generation.train import train

        train(settings, files, run)

    def export(self, settings: Settings, files: ModelPaths, folder: Path) -> tuple[Parity, Timings]:
        """Write the bundle: graph, tokenizer, manifest, model card."""
        from assay.tasks.text_generation.export import export

        return export(settings, files, folder)

    def evaluate(self, settings: Settings, files: ModelPaths) -> Report:
        """Measure the bundle beside n-grams."""
        from assay.tasks.text_generation.evaluate import evaluate

        return evaluate(settings, files)

    def judge(self, settings: Settings, given: GateInputs) -> GateFindings:
        """Compare bundles on documents, in bits per byte."""
        from assay.tasks.text_generation.judge import judge

        return judge(settings, given)

    def observe(self, settings: Settings, bundle: Path, table: pd.DataFrame) -> Measures:
        """Return what each document costs the model, and its length."""
        from assay.tasks.text_generation.observe import observe

        return observe(settings, bundle, table)

    def pretrained(self, settings: Settings) -> Path | None:
        """Return the folder of the pretrained decoder; None where weights start at random."""
        from assay.modalities.text import pretrained

        checkpoint = settings.train.checkpoint
        return pretrained.locate(checkpoint) if checkpoint else None

    def example(self, settings: Settings) -> str:
        """Return words for ``assay generate``."""
        return "--count 3"

    def open(self, folder: Path, *, threads: int = 2) -> LanguageModel:
        """Check a bundle's bytes, then load it with its tokenizer."""
        from assay.bundle.language_model import LanguageModel
        from assay.modalities.text.codec import read

        return LanguageModel.open(folder, read, threads=threads)


def _targets() -> Targets:
    from assay.objectives.generation.no_targets import NoTargets

    return NoTargets(
        "where one text file holds several documents, set ingest.separator in params.yaml to what "
        "stands between them"
    )


TEXT_GENERATION = TextGeneration()
