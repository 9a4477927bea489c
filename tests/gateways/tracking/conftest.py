from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assay.gateways import tracking


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh database: its migrations take seconds, so most tests copy it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("template"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        tracking.prepare()
        return Path("mlruns/mlflow.db").absolute()


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, live_tracking: None) -> Path:
    root = tmp_path / "my project é"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return root


@pytest.fixture
def project(bare: Path, database: Path) -> Path:
    (bare / "mlruns").mkdir()
    shutil.copy(database, bare / "mlruns")
    return bare
