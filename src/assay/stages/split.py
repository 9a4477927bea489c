"""Split: the raw table becomes train, validation and test, duplicates on one side.

Reads ``data/raw/<model>.parquet`` (and waits for ``validate``), and the record of the assignments
that ``dvc.lock`` names, out of DVC's cache. Writes ``data/splits/<model>/``, a new record included,
and ``reports/<model>/split.json``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import records
from assay.files import replacing
from assay.gateways import versioning
from assay.progress import say
from assay.tasks.registry import task_of

if TYPE_CHECKING:
    from assay.paths import ModelPaths
    from assay.settings.schema import Model


def run(settings: Model, files: ModelPaths) -> None:
    """Run the stage.

    Raises:
        DataRefused: a split would be empty, or there is nothing to learn in it.

    """
    earlier = versioning.last_version(files.assignment, files.model)
    with replacing(files.splits) as beside:
        report = task_of(settings).split(files.raw, settings, beside, earlier)
    if earlier is None and versioning.as_recorded(files.splits, files.model) is False:
        say(
            "split: the record of earlier assignments is not here: rows were assigned anew, and "
            "near duplicates may have changed sides. To keep them, fetch it (dvc pull), and split "
            "again"
        )
    records.write(files.split_report, report)
    sizes = ", ".join(f"{name} {part.rows:,}" for name, part in report.splits.items())
    lost = report.rows - report.kept
    say(f"split: {sizes}; {lost:,} rows left out; leaks {sum(report.leaks.values())}")
