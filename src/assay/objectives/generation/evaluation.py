"""From what a language model lost and generated to its whole report.

Reads the reports of split, training and export. Writes nothing: ``stages/evaluate`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay import records
from assay.objectives.generation import figures, plots, report
from assay.records import Evaluation, Parity, SplitReport
from assay.reporting import page, sections
from assay.reporting.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.manifest import Manifest
    from assay.objectives.generation.bits import Losses
    from assay.objectives.generation.figures import Scores
    from assay.objectives.generation.fine_tuning import FineTuning
    from assay.objectives.generation.report import Sample
    from assay.objectives.generation.sampled import Sampled
    from assay.paths import ModelPaths
    from assay.reporting.section import Draw
    from assay.settings.generation import GenerationModel


@dataclass(frozen=True)
class Tested:
    """What a task brings to its report.

    Attributes:
        table: the test split.
        model: the bundle on it.
        baseline: the simple model on it.
        baseline_name: what that is, in a few words.
        sampled: what the model generates.
        samples: some of it, to be shown.
        overlap: the share of the test split's runs of characters that the train split holds, too.
        surcharge: what unknown tokens cost, as a sentence; empty where nothing is unknown.
        fine_tuning: what the model was before, where it was fine-tuned.

    """

    table: pd.DataFrame
    model: Scores
    baseline: Losses
    baseline_name: str
    sampled: Sampled
    samples: Sequence[Sample]
    overlap: float | None
    surcharge: str = ""
    fine_tuning: FineTuning | None = None


def evaluate(
    tested: Tested, manifest: Manifest, settings: GenerationModel, files: ModelPaths
) -> Report:
    """Compare the model with the baseline on the test split; return all that is written.

    Raises:
        RecordRefused: the report of the split or of the export is missing.

    """
    chosen = settings.evaluate
    compared = figures.compare(tested.model, tested.baseline, chosen.bootstrap, chosen.seed)
    tuned = tested.fine_tuning
    metrics = (*compared.metrics(), *tested.sampled.metrics())
    if tuned is not None:
        metrics += tuned.metrics(chosen.bootstrap, chosen.seed)
    curve = sections.training(files.model, pd.read_csv(files.curve))
    memorisation = report.memorisation(files.model, tested.sampled, tested.overlap)
    shown = [
        report.figures(metrics, chosen.bootstrap, tested.surcharge),
        *([tuned.section(chosen.bootstrap, chosen.seed)] if tuned else []),
        memorisation,
        report.quality(tested.sampled),
        report.samples(tested.samples, chosen.seed),
        curve,
        sections.served(records.read(files.parity, Parity), manifest.made_from),
        sections.data(records.read(files.split_report, SplitReport)),
        report.use(),
    ]
    lead = report.lead(
        settings.kind, manifest.precision, compared, len(tested.table), tested.baseline_name
    )
    pictures: dict[str, Draw] = {part.name: part.draw for part in shown if part.draw}
    return Report(
        evaluation=Evaluation(
            data=settings.data,
            task=settings.task,
            rows=len(tested.table),
            precision=manifest.precision,
            baseline=tested.baseline_name,
            better=compared.better,
            metrics=metrics,
        ),
        predictions=_predictions(tested),
        page=page.render(files.model, lead, shown),
        tables=_tables(tested, memorisation.table),
        plots={"generation": plots.survival(tested.sampled)},
        pictures=pictures,
    )


def _predictions(tested: Tested) -> pd.DataFrame:
    """Return the test table's columns, and what each document cost."""
    own, base = tested.model.losses, tested.baseline
    size = np.maximum(own.size, 1) * np.log(2)
    return tested.table.assign(
        tokens=own.tokens,
        nats=own.nats,
        bits_per_byte=own.nats / size,
        baseline_bits_per_byte=base.nats / size,
    )


def _tables(tested: Tested, overlaps: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    samples = pd.DataFrame(
        [(one.prompt, one.temperature, one.text) for one in tested.samples],
        columns=["prompt", "temperature", "text"],
    )
    return {"samples": samples} | ({} if overlaps is None else {"memorisation": overlaps})
