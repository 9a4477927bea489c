"""Evaluate: the bundle on the test split, beside a baseline fitted on the train split.

Reads ``models/<model>/bundle/``, the train and test tables, and the reports of training, split
and export. Writes ``metrics.json``, ``slices.csv``, ``predictions.parquet``, ``plots/``,
``tables/``, ``pictures/`` and ``report.md`` under ``reports/<model>/``. Measures what is served,
never the network that was trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from assay import artifacts
from assay.bundle import Bundle
from assay.errors import DataRefused
from assay.progress import Progress, say
from assay.scoring import comparison, curves, metrics, pictures, report, slices
from assay.tasks import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from assay.artifacts import Artifacts
    from assay.scoring.comparison import Comparison
    from assay.scoring.metrics import Outcome
    from assay.scoring.section import Section
    from assay.settings.schema import Model


def run(settings: Model, files: Artifacts) -> None:
    """Run the stage.

    Raises:
        BundleRefused: the bundle's bytes were altered.
        DataRefused: the test split is empty, or holds labels that the bundle doesn't know.

    """
    task = protocol.evaluates(settings.task)
    bundle = Bundle.open(files.bundle, threads=settings.evaluate.threads)
    test = pd.read_parquet(files.split("test"))
    truth = _labels(test, bundle.labels)
    say(f"evaluate: {len(test):,} test rows, {bundle.precision} on {bundle.provider}")
    model = metrics.outcome(truth, task.score(bundle, test), bundle.labels)
    say(f"fitting the baseline ({task.BASELINE}) ...")
    simple = task.baseline(files.split("train"), test, bundle.labels, settings.evaluate.seed)
    baseline = metrics.outcome(truth, simple, bundle.labels)
    compared = _compare(model, baseline, settings)
    parts = slices.by_slice(model, baseline, task.slices(test, settings))
    sections = task.closer(bundle, test, model, settings)
    _write_tables(files, test, model, parts, sections)
    _write_pictures(files, model, baseline, sections)
    found = report.Findings(
        name=files.model,
        task=settings.task,
        precision=bundle.precision,
        baseline_name=task.BASELINE,
        resamples=settings.evaluate.bootstrap,
        model=model,
        comparison=compared,
        slices=parts,
        sections=sections,
        worst=_worst(test, model, settings.evaluate.worst, task.show),
        split=artifacts.read_json(files.split_report),
        parity=artifacts.read_json(files.parity),
        fingerprints=bundle.fingerprints,
    )
    artifacts.write_text(files.report, report.render(found))
    artifacts.write_json(files.metrics, {**compared.as_dict(), "precision": bundle.precision})
    _journal(files.model, bundle.fingerprints["weights"], compared)
    _say_result(compared, files)


def _labels(test: pd.DataFrame, known: tuple[str, ...]) -> list[str]:
    truth = test["label"].astype(str).tolist()
    if not truth:
        raise DataRefused(
            "the test split holds no row",
            expected="rows to measure the model on",
            cure="bring more data, or raise split.test in params.yaml",
        )
    if strange := sorted(set(truth) - set(known)):
        raise DataRefused(
            f"the test split holds labels that the bundle doesn't know: {', '.join(strange)}",
            expected="one of " + ", ".join(known),
            cure="build the model anew from this data: assay run MODEL",
        )
    return truth


def _compare(model: Outcome, baseline: Outcome, settings: Model) -> Comparison:
    resamples = settings.evaluate.bootstrap
    with Progress("bootstrap", resamples) as bar:
        return comparison.compare(
            model, baseline, resamples=resamples, seed=settings.evaluate.seed, progress=bar
        )


def _write_tables(
    files: Artifacts,
    test: pd.DataFrame,
    model: Outcome,
    parts: list[slices.Slice],
    sections: Sequence[Section],
) -> None:
    _write_predictions(files.predictions, test, model)
    _write_csv(files.slices, slices.table(parts))
    _write_csv(files.plots / "confusion.csv", curves.confusion(model))
    _write_csv(files.plots / "roc.csv", curves.roc(model))
    _write_csv(files.plots / "calibration.csv", curves.calibration(model))
    with artifacts.replacing(files.tables) as folder:
        _write_csv(folder / "classes.csv", pd.DataFrame(metrics.by_class(model)))
        for part in sections:
            if part.table is not None:
                _write_csv(folder / f"{part.name}.csv", part.table)


def _write_csv(target: Path, table: pd.DataFrame) -> None:
    artifacts.write_text(target, table.round(6).to_csv(index=False, lineterminator="\n"))


def _write_predictions(target: Path, test: pd.DataFrame, model: Outcome) -> None:
    """Write the test table's columns, then ``predicted_label, score`` and ``p_<label>``."""
    # Pictures and sounds stay in the split: a report that holds them twice helps nobody.
    columns = {
        name: test[name]
        for name in test
        if not test[name].map(lambda v: isinstance(v, bytes)).any()
    }
    columns |= {
        "predicted_label": pd.Series([model.labels[number] for number in model.predicted]),
        "score": pd.Series(model.confidence),
        **{
            f"p_{label}": pd.Series(model.probabilities[:, number])
            for number, label in enumerate(model.labels)
        },
    }
    table = pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
    with artifacts.replacing(target) as beside:
        # Without pandas' own note, which carries version numbers.
        parquet.write_table(table.replace_schema_metadata(None), beside)


def _write_pictures(
    files: Artifacts, model: Outcome, baseline: Outcome, sections: Sequence[Section]
) -> None:
    name = files.model
    curve = pd.read_csv(files.curve)
    with artifacts.replacing(files.pictures) as folder:
        folder.mkdir()
        pictures.confusion(folder / "confusion.png", model, f"{name}: confusion on the test split")
        pictures.roc(folder / "roc.png", model, baseline, f"{name}: ROC on the test split")
        pictures.calibration(
            folder / "calibration.png", model, baseline, f"{name}: calibration on the test split"
        )
        pictures.training(folder / "training.png", curve, f"{name}: training")
        for part in sections:
            if part.draw:
                part.draw(folder / f"{part.name}.png")


def _worst(
    test: pd.DataFrame, model: Outcome, count: int, show: Callable[[pd.Series[Any]], str]
) -> list[report.WorstError]:
    return [
        report.WorstError(
            id=str(test["id"].iloc[row]),
            shown=show(test.iloc[row]),
            actual=model.labels[model.truth[row]],
            predicted=model.labels[model.predicted[row]],
            confidence=float(model.confidence[row]),
        )
        for row in metrics.worst(model, count)
    ]


def _journal(name: str, weights: str, compared: Comparison) -> None:
    """Add the figures to the training's MLflow run; a fault there stops nothing."""
    from assay.gateways import tracking

    found = {f"test.{figure}": value for figure, value in compared.model.items()}
    found |= {f"baseline.{figure}": value for figure, value in compared.baseline.items()}
    tracking.add_metrics(
        name, weights, {figure: value for figure, value in found.items() if value is not None}
    )


def _say_result(compared: Comparison, files: Artifacts) -> None:
    lead = compared.difference["macro_f1"]
    say(
        f"evaluate: accuracy {compared.model['accuracy']:.3f}, macro F1 "
        f"{compared.model['macro_f1']:.3f} ({lead.value:+.3f} against the baseline, 95 % "
        f"{lead.interval[0]:+.3f} to {lead.interval[1]:+.3f}; better: {compared.better}); "
        f"see {files.report}"
    )
