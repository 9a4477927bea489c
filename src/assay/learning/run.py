"""Where one training writes and logs, and the digest under which a killed one is resumed.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from assay.records import TracePoint


class MetricLogger(Protocol):
    """Something that keeps metrics by step while a training runs."""

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Keep the metrics of one step."""


@dataclass(frozen=True)
class TrainingRun:
    """One run of a training.

    Attributes:
        checkpoint: the folder to write the best weights to.
        curve: the CSV file to write the training curve to.
        state: the folder of the state that a killed run is resumed from.
        digest: of all that decides the training's bytes (``assay.learning.identity``).
        logger: told the metrics while they arise.
        trace: the JSON file to write the training trace to, None to write none.
        on_point: told each point of the trace as it arises; what it raises ends the training.

    """

    checkpoint: Path
    curve: Path
    state: Path
    digest: str
    logger: MetricLogger
    trace: Path | None = None
    on_point: Callable[[TracePoint], None] | None = None
