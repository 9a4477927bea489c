"""A folder of its own for each test, with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.gateways import signing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a key in a new folder, and return its public half."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSAY_SIGNING_KEY", raising=False)
    return signing.make_key()
