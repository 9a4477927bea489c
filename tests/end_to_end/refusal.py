"""What a stage left for the process that started it."""

from __future__ import annotations

from dataclasses import dataclass

from assay.paths import ModelPaths
from tests import made

FILES = ModelPaths(made.MODEL)


@dataclass(frozen=True)
class Refusal:
    """What a stage left for the process that started it."""

    code: int
    found: str
    expected: str
    cure: str
