"""Records as the metrics of an MLflow run: flat names, numbers alone.

Reads a model's reports. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import records
from assay.records import Evaluation, Parity, Timings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from assay.paths import ModelPaths
    from assay.records import Record


def reported_metrics(files: ModelPaths) -> dict[str, float]:
    """Return every metric in a built model's reports: evaluation, parity and export's timings."""
    found = metrics_of(records.read(files.metrics, Evaluation))
    found |= flat_numbers(records.read(files.parity, Parity), "parity.")
    if files.timings.is_file():
        found |= flat_numbers(records.read(files.timings, Timings), "timing.")
    return found


def metrics_of(evaluation: Evaluation) -> dict[str, float]:
    """Return ``test.<metric>`` with ``_low`` and ``_high``, and ``baseline.<metric>``."""
    found = {}
    for metric in evaluation.metrics:
        found[f"test.{metric.name}"] = metric.value
        found[f"test.{metric.name}_low"] = metric.low
        found[f"test.{metric.name}_high"] = metric.high
        found[f"baseline.{metric.name}"] = metric.baseline
    return {name: value for name, value in found.items() if value is not None}


def flat_numbers(record: Record, prefix: str) -> dict[str, float]:
    """Return the numbers of a record under dotted names; texts and truth values are left out."""
    return _flat(record.model_dump(mode="json"), prefix)


def _flat(content: Mapping[str, JsonValue], prefix: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[prefix + name] = float(value)
    return found
