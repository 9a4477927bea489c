"""Projects with releases to serve, built once for all tests and workers; tests copy them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.release.conftest import base, built, first, fresh, once, second

if TYPE_CHECKING:
    from pathlib import Path

    from tests.release.project import Released

__all__ = ["base", "built", "first", "fresh", "second"]


@pytest.fixture(scope="session")
def both(base: Path, second: Released) -> Released:
    """Two releases, the newer one champion."""

    def promoted(folder: Path) -> Released:
        project = second.copy(folder)
        assert project.promote()["promoted"]
        project.commit("Release 2")
        return project

    return once(base, "both", promoted)
