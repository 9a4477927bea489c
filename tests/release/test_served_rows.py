"""Rows that the server kept, held against the champion's test split."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assay.bundle.classifier import Classifier
from assay.serving import served
from assay.serving.watching.prediction_log import PredictionLog
from tests.made import loans
from tests.release.project import FILES, MODEL, Released

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


@pytest.fixture(scope="module")
def champion(first: Released, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    """Return a copy of a project with a champion; the working folder is within it."""
    project = first.copy(tmp_path_factory.mktemp("served") / "a project")
    before = Path.cwd()
    os.chdir(project.folder)
    yield project
    os.chdir(before)


def serve(rows: pd.DataFrame) -> None:
    """Ask the champion about rows as a server would, and keep all of them."""
    for path in FILES.served_predictions.glob("*"):
        path.unlink()
    model = served.load_champion(MODEL, threads=1)
    assert isinstance(model.bundle, Classifier)
    contents = rows.drop(columns="repaid").to_dict("records")
    log = PredictionLog(1.0)
    log.offer(model, contents, model.bundle.predict(contents))
    log.close()
    assert log.dropped == 0


def alarms(answer: dict[str, Any]) -> set[str]:
    return {one["name"] for one in answer["drift"]["measures"] if one["alarm"]}


def test_rows_like_those_that_were_tested_show_no_drift(champion: Released) -> None:
    serve(loans(400, seed=5))
    answer = champion.answer("drift", MODEL)
    assert (answer["rows"], answer["version"], answer["drift"]["rows_current"]) == (400, 1, 400)
    assert {one["name"] for one in answer["drift"]["measures"]} == {
        "output: no",
        "column: age",
        "column: debt",
        "column: job",
        "column: branch",
    }
    assert not answer["drift"]["alarm"]
    quality = answer["quality"]
    assert abs(quality["estimated"] - quality["measured"]) < 0.1
    assert quality["low"] < quality["estimated"] < quality["high"]


def test_other_rows_are_named_by_what_drifted(champion: Released) -> None:
    rows = loans(1200, seed=6)
    serve(rows[rows["age"].astype(int) > 60])
    answer = champion.answer("drift", MODEL)
    assert "column: age" in alarms(answer)
    assert not alarms(answer) & {"column: branch", "column: job"}
    said = champion.assay("drift", MODEL).stdout
    assert "drift: found" in said
    assert "right answers, by confidence" in said


def test_without_a_row_it_says_what_to_do(champion: Released) -> None:
    serve(loans(30, seed=7))
    assert "in the last 1e-09 days" in champion.refused("drift", MODEL, "--days", "1e-9", code=2)
    for path in FILES.served_predictions.glob("*"):
        path.write_bytes(b"no Parquet")
    assert "cannot be read" in champion.refused("drift", MODEL)
