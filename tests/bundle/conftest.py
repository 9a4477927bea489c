from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from assay.paths import ModelPaths
from tests import made

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(checkpoint: Path, tmp_path: Path) -> Path:
    """Return a copy of a real bundle, to be spoiled."""
    copy = tmp_path / "bundle"
    shutil.copytree(made.built(checkpoint) / ModelPaths(made.MODEL).bundle, copy)
    return copy
