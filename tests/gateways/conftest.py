from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.gateways import fetching

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty mirror, beside an empty project that is the working folder."""
    (tmp_path / "project").mkdir()
    (tmp_path / "mirror/text").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv(fetching.MIRROR, str(tmp_path / "mirror"))
    return tmp_path / "mirror"
