"""Evaluate: the bundle on the test split, beside baselines fitted on the train split.

Reads, through the task, ``models/<model>/bundle/`` and ``checkpoint/``, the three splits, and the
reports of training, split and export. Writes ``metrics.json``, ``predictions.parquet``,
``tables/``, ``plots/``, ``pictures/`` and ``report.md`` under ``reports/<model>/``; logs the
metrics of all reports, export's among them. Measures what is served, never the network that was
trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import parquet

from assay import records
from assay.bundle import manifest
from assay.files import replacing, write_text
from assay.gateways import tracking
from assay.personal import masked
from assay.progress import say
from assay.spreadsheet import guarded
from assay.tasks.registry import task_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from assay.paths import ModelPaths
    from assay.records import Evaluation, Metric
    from assay.settings.schema import Model


def run(settings: Model, files: ModelPaths) -> None:
    """Run the stage.

    Raises:
        BundleRefused: the bundle's bytes were altered.
        DataRefused: the test split is empty, or does not fit the bundle.

    """
    report = task_of(settings).evaluate(settings, files)
    _write_predictions(files.predictions, report.predictions)
    _write_tables(files.tables, report.tables)
    _write_tables(files.plots, report.plots)
    with replacing(files.pictures) as folder:
        folder.mkdir()
        for name, draw in report.pictures.items():
            draw(folder / f"{name}.png")
    write_text(files.report, report.page)
    records.write(files.metrics, report.evaluation)
    weights = manifest.read(files.bundle).made_from["weights"]
    tracking.add_reported_metrics(files, weights)
    say(f"evaluate: {_result(report.evaluation)}; see {files.report}")


def _write_predictions(target: Path, table: pd.DataFrame) -> None:
    with replacing(target) as beside:
        # Without pandas' own note, which carries version numbers.
        content = pa.Table.from_pandas(table, preserve_index=False)
        parquet.write_table(content.replace_schema_metadata(None), beside)


def _write_tables(target: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    with replacing(target) as folder:
        folder.mkdir()
        for name, table in tables.items():
            shown = guarded(table.round(6).map(_masked))
            write_text(folder / f"{name}.csv", shown.to_csv(index=False, lineterminator="\n"))


def _masked(cell: object) -> object:
    return masked(cell) if isinstance(cell, str) else cell


def _result(evaluation: Evaluation) -> str:
    """Return the decisive metrics, each with its lead over the baseline."""
    shown = [_shown(metric) for metric in evaluation.metrics if metric.decisive]
    return f"{', '.join(shown)}; better: {evaluation.better}"


def _shown(metric: Metric) -> str:
    if metric.value is None:
        return f"{metric.title} undefined"
    lead = f" ({metric.difference:+.3f} to the baseline)" if metric.difference is not None else ""
    return f"{metric.title} {metric.value:.3f}{lead}"
