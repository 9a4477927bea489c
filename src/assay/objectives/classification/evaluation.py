"""From predictions on the test split to the whole report of a classifier.

Reads the reports of split, training and export. Writes nothing: ``stages/evaluate`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay import records
from assay.objectives.classification import (
    baselines,
    calibration,
    calibration_report,
    comparison,
    curves,
    metrics,
    plots,
    report,
    scope_report,
    slices,
)
from assay.progress import Progress, say
from assay.records import Evaluation, Parity, SplitReport
from assay.reporting import page, sections
from assay.reporting.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from assay.bundle.manifest import Manifest
    from assay.objectives.classification.baselines import Scored
    from assay.objectives.classification.comparison import Comparison
    from assay.objectives.classification.metrics import Predictions
    from assay.objectives.classification.slices import Slice
    from assay.paths import ModelPaths
    from assay.reporting.section import Draw, Section
    from assay.settings.classification import ClassificationModel


@dataclass(frozen=True)
class Tested:
    """What a task brings to its report.

    Attributes:
        table: the test split.
        model: the bundle's predictions on it.
        baselines: the simple models beside it, the simplest first; at least one.
        slicings: for each slicing its name and every row's slice.
        show: returns a row as a person reads it in a list of errors.
        sections: what the task adds to the report.

    """

    table: pd.DataFrame
    model: Predictions
    baselines: Sequence[Scored]
    slicings: Mapping[str, pd.Series[str]]
    show: Callable[[pd.Series[Any]], str]
    sections: Sequence[Section] = ()

    @property
    def baseline(self) -> Predictions:
        """The predictions of the baseline that is best on the validation split."""
        return baselines.best(self.baselines).test

    @property
    def baseline_name(self) -> str:
        """What that baseline is, in a few words."""
        return baselines.best(self.baselines).name


def evaluate(
    tested: Tested, manifest: Manifest, settings: ClassificationModel, files: ModelPaths
) -> Report:
    """Compare the model with the best baseline on the test split; return all that is written.

    Raises:
        RecordRefused: the report of the split or of the export is missing.

    """
    compared = _compare(tested, settings)
    parts = slices.by_slice(tested.model, tested.baseline, tested.slicings)
    curve = sections.training(files.model, pd.read_csv(files.curve))
    parity = records.read(files.parity, Parity)
    unscaled = calibration.unscaled(tested.model, parity.temperature)
    scaled = parity.temperature != 1
    beside = _baselines(tested, parity)
    evaluation = Evaluation(
        data=settings.data,
        task=settings.task,
        rows=compared.rows,
        precision=manifest.precision,
        baseline=tested.baseline_name,
        better=compared.better,
        metrics=compared.metrics(),
    )
    shown = [
        report.figures(compared, tested.model.absent, settings.evaluate.bootstrap, scaled=scaled),
        beside,
        report.classes(tested.model),
        report.by_slice(parts),
        *tested.sections,
        calibration_report.section(tested.model, unscaled, parity.temperature),
        scope_report.section(tested.model, parity),
        curve,
        sections.served(parity, manifest.made_from),
        sections.data(records.read(files.split_report, SplitReport), tested.model.labels),
        report.use(parts, tested.model.labels),
        report.worst_errors(
            _worst(tested, settings.evaluate.worst), int((~tested.model.correct).sum())
        ),
    ]
    lead = report.lead(
        settings.kind, manifest.precision, compared, len(manifest.labels), tested.baseline_name
    )
    return Report(
        evaluation=evaluation,
        predictions=_predictions(tested.table, tested.model),
        page=page.render(files.model, lead, shown),
        tables=_tables(tested, parts, [beside, *tested.sections]),
        plots={"classification": curves.table(tested.model, parts)},
        pictures=_pictures(
            files.model, tested, unscaled if scaled else None, [curve, *tested.sections]
        ),
    )


def _compare(tested: Tested, settings: ClassificationModel) -> Comparison:
    resamples = settings.evaluate.bootstrap
    with Progress("bootstrap", resamples) as bar:
        return comparison.compare(
            tested.model,
            tested.baseline,
            resamples=resamples,
            seed=settings.evaluate.seed,
            progress=bar,
        )


def _baselines(tested: Tested, parity: Parity) -> Section:
    """Return the section of all baselines; say at once, too, which of them beat the model."""
    if beaten := baselines.ahead(tested.model, tested.baselines):
        say(f"evaluate: {beaten}")
    return baselines.section(tested.model, parity.served.score, tested.baselines)


def _tables(
    tested: Tested, parts: list[Slice], shown: Sequence[Section]
) -> dict[str, pd.DataFrame]:
    added = {part.name: part.table for part in shown if part.table is not None}
    own = {"classes": pd.DataFrame(metrics.by_class(tested.model)), "slices": slices.table(parts)}
    return own | added


def _pictures(
    name: str, tested: Tested, unscaled: Predictions | None, shown: Sequence[Section]
) -> dict[str, Draw]:
    model, baseline = tested.model, tested.baseline
    title = f"{name}: {{}} on the test split".format
    return {
        "confusion": partial(plots.confusion, result=model, title=title("confusion")),
        "roc": partial(plots.roc, model=model, baseline=baseline, title=title("ROC")),
        "calibration": partial(
            plots.calibration,
            model=model,
            baseline=baseline,
            unscaled=unscaled,
            title=title("calibration"),
        ),
        **{part.name: part.draw for part in shown if part.draw},
    }


def _predictions(test: pd.DataFrame, model: Predictions) -> pd.DataFrame:
    """Return the test table's columns, then ``predicted_label, score`` and ``p_<label>``."""
    # Encoded images stay in the split: a report that holds them twice helps nobody.
    columns = {
        name: test[name]
        for name in test
        if not test[name].map(lambda value: isinstance(value, bytes)).any()
    }
    names = np.array(model.labels, dtype=object)
    columns |= {
        "predicted_label": pd.Series(names[model.predicted]),
        "score": pd.Series(model.confidence),
        **{
            f"p_{label}": pd.Series(model.probabilities[:, number])
            for number, label in enumerate(model.labels)
        },
    }
    return pd.DataFrame(columns)


def _worst(tested: Tested, count: int) -> list[report.WorstError]:
    model = tested.model
    return [
        report.WorstError(
            id=str(tested.table["id"].iloc[row]),
            shown=tested.show(tested.table.iloc[row]),
            actual=model.labels[model.truth[row]],
            predicted=model.labels[model.predicted[row]],
            confidence=float(model.confidence[row]),
        )
        for row in metrics.worst(model, count)
    ]
