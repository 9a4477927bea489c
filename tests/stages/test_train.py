from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.paths import ModelPaths
from assay.stages.__main__ import main
from assay.tasks.text_classification import network
from tests.conftest import settings
from tests.made import LABELS, MODEL, lay_out_plain, texts

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.processor

BEFORE = ("ingest", "validate", "split")


def test_two_processes_train_one_model_and_the_first_alone_writes(
    tmp_path: Path,
    checkpoint: Path,
    torchrun: tuple[str, ...],
    live_tracking: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = ModelPaths(MODEL)
    lay_out_plain(tmp_path / "project", settings(checkpoint), texts(200))
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    for stage in BEFORE:
        assert main(stage, MODEL) == 0, stage
    answer = subprocess.run(
        [*torchrun, "-m", "assay.stages", "train", MODEL],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr.count("train: models/") == 1, "one process speaks"
    network.trained(files.checkpoint, LABELS, "mean")
    judged = pd.read_csv(files.curve).dropna(subset="validation_macro_f1")
    steps = -(-len(pd.read_parquet(files.split("train"))) // 16)
    assert judged["step"].tolist() == [0, -(-steps // 2), 2 * -(-steps // 2)]
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as store:
        assert store.execute("select status from runs").fetchall() == [("FINISHED",)]
