"""Projects with releases to serve, built once for all tests and workers; tests copy them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.release.conftest import base, built, first, fresh, once, promoted, second

if TYPE_CHECKING:
    from pathlib import Path

    from tests.release.project import Released

__all__ = ["base", "built", "first", "fresh", "second"]


@pytest.fixture(scope="session")
def both(base: Path, second: Released) -> Released:
    """Two releases, the newer one champion."""
    return once(base, "both", lambda folder: promoted(second, folder))
