"""Export: the trained checkpoint becomes the bundle that is served.

Reads ``models/<model>/checkpoint/`` and the train and validation splits. Writes
``models/<model>/bundle/`` and ``reports/<model>/parity.json``; timings go to the screen, to MLflow
and to this machine's scratch folder, never into a tracked file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay import artifacts
from assay.gateways import tracking
from assay.progress import say
from assay.tasks import protocol

if TYPE_CHECKING:
    from assay.artifacts import Artifacts
    from assay.settings.schema import Model


def run(settings: Model, files: Artifacts) -> None:
    """Run the stage.

    Raises:
        AssayError: ONNX and torch give different answers.

    """
    with artifacts.replacing(files.bundle) as beside:
        report, timings = protocol.exports(settings.task).export(settings, files, beside)
    artifacts.write_json(files.parity, report)
    artifacts.write_json(files.timings, timings)
    rates = ", ".join(f"{name} {value}" for name, value in timings.items())
    say(f"export: {files.bundle}; {rates}")
    numbers = {f"parity.{k}": float(v) for k, v in report.items() if isinstance(v, int | float)}
    numbers |= {f"timing.{k}": float(v) for k, v in timings.items() if isinstance(v, int | float)}
    tracking.add_metrics(files.model, artifacts.sha256(files.checkpoint), numbers)
