"""Split: the raw table becomes train, validation and test, duplicates on one side.

Reads ``data/raw/<model>.parquet`` (and waits for ``validate``). Writes ``data/splits/<model>/``
and ``reports/<model>/split.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import artifacts
from assay.progress import say
from assay.tasks import protocol

if TYPE_CHECKING:
    from assay.artifacts import Artifacts
    from assay.settings.schema import Model


def run(settings: Model, files: Artifacts) -> None:
    """Run the stage.

    Raises:
        DataRefused: a split would be empty, or a class has no row to learn from.

    """
    with artifacts.replacing(files.splits) as beside:
        report = protocol.splits(settings.task).split(files.raw, settings, beside)
    artifacts.write_json(files.split_report, report)
    sizes = ", ".join(f"{name} {part['rows']:,}" for name, part in report["splits"].items())
    lost = report["rows"] - report["kept"]
    say(f"split: {sizes}; {lost:,} rows left out; leaks {sum(report['leaks'].values())}")
