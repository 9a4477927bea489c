"""Export: the trained checkpoint becomes the bundle that is served.

Reads ``models/<model>/checkpoint/`` and the train and validation splits. Writes
``models/<model>/bundle/`` and ``reports/<model>/parity.json``; timings go to the screen and to this
machine's scratch folder, from where the next stage logs them, never into a tracked file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import records
from assay.files import replacing
from assay.progress import say
from assay.tasks.registry import task_of

if TYPE_CHECKING:
    from assay.paths import ModelPaths
    from assay.records import Timings
    from assay.settings.schema import Model


def run(settings: Model, files: ModelPaths) -> None:
    """Run the stage.

    Raises:
        ParityFailed: ONNX and torch give different answers.

    """
    with replacing(files.bundle) as beside:
        report, timings = task_of(settings).export(settings, files, beside)
    records.write(files.parity, report)
    records.write(files.timings, timings)
    say(f"export: {files.bundle}; {_speed(timings)} on {timings.provider}")


def _speed(timings: Timings) -> str:
    shown = f"fp32 {timings.rows_per_second_fp32} {timings.unit}/s"
    if timings.rows_per_second_int8 is None:
        return shown
    return f"{shown}, int8 {timings.rows_per_second_int8} ({timings.int8_speedup} times)"
