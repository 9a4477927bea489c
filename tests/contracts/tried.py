"""What each task is tried on: a tiny project whose stages have all run, and what it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from assay.paths import ModelPaths
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FILES = ModelPaths(made.MODEL)


@dataclass(frozen=True)
class Tried:
    """What a task is tried on.

    ``built`` takes the tiny checkpoint and returns a project of the one model `reviews` whose
    stages have all run; ``data`` is what its inbox holds, of so many rows.
    """

    built: Callable[[Path], Path]
    data: Path
    rows: int
    columns: Mapping[str, str]


BUILT = {
    "text-classification": Tried(
        made.built, FILES.inbox / "rows.csv", 300, {"text": "text", "label": "label"}
    ),
    "image-classification": Tried(made.built_images, FILES.inbox / "digits", 300, {}),
    "table-classification": Tried(
        made.built_table, FILES.inbox / "rows.csv", 400, {"label": "repaid"}
    ),
    "image-generation": Tried(made.built_image_generator, FILES.inbox / "digits", 300, {}),
    "text-generation": Tried(made.built_generator, FILES.inbox / "rows.csv", 300, {"text": "text"}),
}


def tried_on(name: str) -> Tried:
    """Return what a task is tried on, by the task's name."""
    if name not in BUILT:
        pytest.fail(
            f"nothing is known to try the task {name!r} on: add to BUILT in "
            "tests/contracts/tried.py a function that builds a tiny project of it"
        )
    return BUILT[name]
