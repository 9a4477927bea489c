from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import PAGE
from tests.bench.made import WORDS


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "dvc.yaml"):
        Path(name).touch()
    PAGE.parent.mkdir()
    PAGE.write_text(WORDS, encoding="utf-8")
    return PAGE
