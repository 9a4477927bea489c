"""MLflow's alias, moved, delayed and lost: it follows the ledger."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.release.project import MODEL, Released

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_champion_that_mlflow_lost_is_named_and_entered_again(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    shutil.rmtree(project.folder / "mlruns/artifacts")
    (bundle,) = (line["event"]["bundle"] for line in project.lines())
    done = project.assay("doctor")
    assert "MLflow has lost release 1" in done.stdout
    assert f"assay track {MODEL}" in done.stdout
    notes = project.answer("track", MODEL)["notes"]
    assert any("entered again, as version 2" in note for note in notes)
    assert project.alias() == bundle
    assert "lost" not in project.assay("doctor").stdout


def test_mlflow_down_delays_the_alias_alone(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    answer = project.promote(MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert answer["champion"] == 2
    assert any("does not follow yet" in note for note in answer["notes"])
    before, after = (line["event"]["bundle"] for line in project.lines())
    assert project.alias() == before
    project.answer("track", MODEL)
    assert project.alias() == after


def test_an_alias_that_somebody_moved_follows_the_ledger_again(
    second: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(second)
    project.promote()
    program = (
        "from mlflow import MlflowClient; c = MlflowClient('sqlite:///mlruns/mlflow.db'); "
        f"c.set_registered_model_alias('{MODEL}', 'champion', '1')"
    )
    assert project.call("python", "-c", program).returncode == 0
    project.promote()
    assert project.alias() == project.lines()[-1]["event"]["bundle"]
