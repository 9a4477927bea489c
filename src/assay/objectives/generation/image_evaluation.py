"""Measure an image generator on its test split beside simple models, and write it down.

Reads what earlier stages wrote about the data, the training and the export. Writes nothing. Knows
bounds, features and pictures alone, whatever network gave them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from assay import records
from assay.objectives.generation import image_figures, image_report
from assay.records import Evaluation, Parity, SplitReport
from assay.reporting import page, sections
from assay.reporting.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.manifest import Manifest
    from assay.objectives.generation.image_figures import Drawn
    from assay.objectives.generation.image_report import Measured, Picture
    from assay.objectives.generation.intervals import Floats
    from assay.paths import ModelPaths
    from assay.reporting.section import Draw
    from assay.settings.generation import GenerationModel

# Pixels of a picture's longer side, about.
WIDE = 800


@dataclass(frozen=True, eq=False)
class Tested:
    """What a task brings to its report.

    Attributes:
        predictions: the test split without its images, and what each image cost.
        log_weights: of some test images, shape (images, samples).
        baseline: nats of the same images by the baseline, shape (images,).
        baseline_name: what that is, in a few words.
        baselines: a row for each simple model.
        dimensions: numbers of an image.
        errors: squared error of each test image's reconstruction, shape (test images,).
        means: posterior means of test images, shape (images, latents).
        drawn: how generated images look.
        distances: a row for each set of images.
        nearest: the curve of distances to train images.
        pictures: images to be shown.
        measured: on how much this was measured.

    """

    predictions: pd.DataFrame
    log_weights: Floats
    baseline: Floats
    baseline_name: str
    baselines: pd.DataFrame
    dimensions: int
    errors: Floats
    means: Floats
    drawn: Drawn
    distances: pd.DataFrame
    nearest: pd.DataFrame
    pictures: Sequence[Picture]
    measured: Measured


def evaluate(
    tested: Tested, manifest: Manifest, settings: GenerationModel, files: ModelPaths
) -> Report:
    """Compare the model with the baseline on the test split; return all that is written.

    Raises:
        RecordRefused: the report of the split or of the export is missing.

    """
    chosen, rows = settings.evaluate, len(tested.predictions)
    compared = image_figures.compare(
        tested.log_weights, tested.baseline, tested.dimensions, chosen.bootstrap, chosen.seed
    )
    metrics = (
        *compared.metrics(),
        image_figures.reconstruction(tested.errors, chosen.bootstrap, chosen.seed),
        image_figures.active(tested.means),
        *tested.drawn.metrics(),
    )
    shown = [
        image_report.figures(metrics, chosen.bootstrap, tested.measured),
        image_report.baselines(tested.baselines, tested.baseline_name),
        image_report.distances(tested.distances, tested.drawn, tested.measured),
        image_report.memorisation(files.model, tested.nearest, tested.measured),
        *(image_report.picture(one, _scale(one)) for one in tested.pictures),
        sections.training(files.model, pd.read_csv(files.curve)),
        sections.served(records.read(files.parity, Parity), manifest.made_from),
        sections.data(records.read(files.split_report, SplitReport)),
        image_report.use(),
    ]
    lead = image_report.lead(
        settings.kind, manifest.precision, compared, tested.baseline_name, tested.measured, rows
    )
    pictures: dict[str, Draw] = {part.name: part.draw for part in shown if part.draw}
    return Report(
        evaluation=Evaluation(
            data=settings.data,
            task=settings.task,
            rows=rows,
            precision=manifest.precision,
            baseline=tested.baseline_name,
            better=compared.better,
            metrics=metrics,
        ),
        predictions=tested.predictions,
        page=page.render(files.model, lead, shown),
        tables={part.name: part.table for part in shown if part.table is not None},
        plots={"generation": tested.nearest},
        pictures=pictures,
    )


def _scale(shown: Picture) -> int:
    """Return how many pixels wide a pixel is drawn, so that small images can be seen."""
    width: int = shown.images.shape[2]
    return max(1, WIDE // (shown.columns * width))
