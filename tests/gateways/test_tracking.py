from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.gateways import tracking
from assay.gateways.tracking import runs, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient
    from mlflow.entities import Run

WEIGHTS = "3f2a91c" + "0" * 57


pytestmark = pytest.mark.xdist_group("mlflow")  # one worker pays for the import and the database


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh database: its migrations take seconds, so most tests copy it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("template"))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        tracking.prepare()
        return Path("mlruns/mlflow.db").absolute()


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
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


@pytest.fixture
def deaf_server() -> Iterator[str]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def python(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def finished(child: subprocess.Popen[str]) -> str:
    out, err = child.communicate()
    assert child.returncode == 0, err
    assert err == ""
    return out.strip()


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def runs_of(model: str) -> tuple[MlflowClient, list[Run]]:
    client = store.connect()
    return client, list(client.search_runs([store.experiment(client, model)]))


def test_importing_imports_no_mlflow(bare: Path) -> None:
    code = "import sys; from assay.gateways import tracking; print('mlflow' in sys.modules)"

    assert finished(python(code)) == "False"
    assert not (bare / "mlruns").exists()


def test_a_cold_database_takes_four_processes_at_once_and_is_then_ready(bare: Path) -> None:
    prepare = "import sys; from assay.gateways import tracking; tracking.prepare()"
    for child in [python(prepare) for _ in range(4)]:
        finished(child)

    with closing(sqlite3.connect("mlruns/mlflow.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT name FROM experiments").fetchall() == [("Default",)]
    assert finished(python(f"{prepare}; print('mlflow' in sys.modules)")) == "False"


def test_a_database_that_a_server_made_is_taken_over(bare: Path, database: Path) -> None:
    (bare / "mlruns").mkdir()
    shutil.copy(database, bare / "mlruns")
    with closing(sqlite3.connect("mlruns/mlflow.db")) as connection:
        connection.execute("PRAGMA user_version=0")
        connection.execute("PRAGMA journal_mode=DELETE")
    tracking.prepare()

    with closing(sqlite3.connect("mlruns/mlflow.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_journal_keeps_a_training_and_others_add_to_its_run(project: Path) -> None:
    settings = {"train": {"epochs": 2, "clip": None}, "labels": ["good", "bad"]}
    with tracking.Journal.open("opinions", params=settings, tags={"kind": "first"}) as journal:
        for step in range(2500):
            journal.log(step, {"loss": 1 / (step + 1)})
        assert journal.alive
        journal.close(WEIGHTS, "FINISHED")
    tracking.add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8}, {"kind": "second"})

    client, [run] = runs_of("opinions")
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "opinions 3f2a91c"
    assert run.data.params == {"train.epochs": "2", "train.clip": "null", "labels": "good, bad"}
    assert run.data.metrics["test.accuracy"] == 0.8
    assert run.data.tags["kind"] == "second"
    curve = client.get_metric_history(run.info.run_id, "loss")
    assert {point.step: point.value for point in curve} == {s: 1 / (s + 1) for s in range(2500)}


def test_the_same_figure_is_kept_once_also_when_a_report_rounds_it(project: Path) -> None:
    for accuracy in (0.79666666, 0.79666666, 0.796667, 0.796668):
        tracking.add_metrics("opinions", WEIGHTS, {"test.accuracy": accuracy})

    client, [run] = runs_of("opinions")
    points = client.get_metric_history(run.info.run_id, "test.accuracy")
    assert [point.value for point in points] == [0.79666666, 0.796668]


def test_an_error_marks_the_run_failed(project: Path) -> None:
    with (
        pytest.raises(ValueError, match="no"),
        tracking.Journal.open("opinions", params={}, tags={}) as journal,
    ):
        journal.log(1, {"loss": 1.0})
        raise ValueError("no")

    _, [run] = runs_of("opinions")
    assert (run.info.status, run.data.metrics) == ("FAILED", {"loss": 1.0})


def test_a_killed_training_goes_on_in_its_own_run(project: Path) -> None:
    child = python(
        "import time; from assay.gateways import tracking\n"
        "j = tracking.Journal.open('opinions', params={'a': 1}, tags={'assay.fingerprint': 'f'})\n"
        "j.log(1, {'loss': 3.0}); time.sleep(60)"
    )
    while not any(run.data.metrics for run in runs_of("opinions")[1]):
        assert child.poll() is None
        time.sleep(0.3)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    _, [before] = runs_of("opinions")
    assert (before.info.status, before.data.metrics) == ("RUNNING", {"loss": 3.0})

    tags = {"assay.fingerprint": "f"}
    with tracking.Journal.open("opinions", params={"a": 1}, tags=tags) as journal:
        journal.log(2, {"loss": 2.0})
        journal.close(WEIGHTS, "FINISHED")
    with tracking.Journal.open("opinions", params={"a": 2}, tags={"assay.fingerprint": "g"}):
        pass

    client, _ = runs_of("opinions")
    after = client.get_run(before.info.run_id)
    assert after.info.status == "FINISHED"
    steps = client.get_metric_history(after.info.run_id, "loss")
    assert [point.step for point in steps] == [1, 2]
    assert len(runs_of("opinions")[1]) == 2


def test_a_finished_training_that_is_repeated_gets_a_run_of_its_own(project: Path) -> None:
    for _ in range(2):
        with tracking.Journal.open("opinions", params={}, tags={"assay.fingerprint": "f"}):
            pass

    assert len(runs_of("opinions")[1]) == 2


@pytest.mark.timeout(40)  # MLflow's own retries take longer
@pytest.mark.parametrize("kind", ["nobody listens", "nobody answers"])
def test_an_unreachable_server_is_one_line_and_no_wait(
    kind: str,
    deaf_server: str,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = deaf_server if kind == "nobody answers" else free_address()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with tracking.Journal.open("opinions", params={}, tags={}) as journal:
        assert not journal.alive
        journal.log(1, {"loss": 1.0})
    [line] = capsys.readouterr().err.splitlines()
    assert address in line
    assert line.endswith("log it later with: assay track opinions")

    tracking.add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8})
    assert "assay track opinions" in capsys.readouterr().err


def test_a_password_in_the_address_is_not_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = free_address()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address.replace("://", "://me:secret@"))
    tracking.add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8})

    said = capsys.readouterr().err
    assert f"{address} does not answer" in said
    assert "secret" not in said


def test_a_store_that_comes_back_before_the_end_gets_everything(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = Path("mlruns").rename("away")
    Path("mlruns").write_text("in the way")
    with tracking.Journal.open("opinions", params={"a": 1}, tags={}) as journal:
        journal.log(1, {"loss": 1.0})
        assert not journal.alive
        Path("mlruns").unlink()
        good.rename("mlruns")

    assert len(capsys.readouterr().err.splitlines()) == 1
    _, [run] = runs_of("opinions")
    assert (run.data.params, run.data.metrics) == ({"a": "1"}, {"loss": 1.0})


def test_a_broken_database_is_said_in_one_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mlruns/mlflow.db").write_bytes(b"torn" * 2000)
    tracking.add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8})

    assert capsys.readouterr().err.splitlines() == [
        "tracking: file is not a database; log it later with: assay track opinions"
    ]


def test_a_silent_journal_leaves_nothing(bare: Path) -> None:
    with tracking.Journal.silent() as journal:
        journal.log(1, {"loss": 1.0})
        journal.close(WEIGHTS, "FINISHED")

    assert not journal.alive
    assert not Path("mlruns").exists()


def test_an_experiment_in_the_bin_is_taken_out(project: Path) -> None:
    client = store.connect()
    client.delete_experiment(store.experiment(client, "opinions"))
    tracking.add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8})

    assert len(runs_of("opinions")[1]) == 1


def test_a_moved_folder_keeps_its_artifacts(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "card.md").write_text("what it is")
    record = tracking.Record.of("opinions", WEIGHTS)
    record.add_files({"card.md": project / "card.md"})
    moved = tmp_path / "elsewhere"
    monkeypatch.chdir(tmp_path)
    shutil.move(project, moved)
    monkeypatch.chdir(moved)

    client, [run] = runs_of("opinions")
    copy = Path(client.download_artifacts(run.info.run_id, "card.md"))
    assert copy.read_text() == "what it is"
    with closing(sqlite3.connect("mlruns/mlflow.db")) as connection:
        assert str(tmp_path) not in "\n".join(connection.iterdump())


def test_plain_mlflow_reads_the_artifacts_through_the_plugin(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "card.md").write_text("what it is")
    record = tracking.Record.of("opinions", WEIGHTS)
    record.add_files({"card.md": project / "card.md"})
    installed = project / "plugin-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(
        "[mlflow.artifact_repository]\n"
        "mlflow-artifacts = assay.gateways.tracking.store:artifact_repository\n"
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlruns/mlflow.db")
    monkeypatch.setattr(sys, "path", [str(project), *sys.path])

    code = f"import mlflow; print(mlflow.artifacts.load_text('runs:/{record.run_id}/card.md'))"
    assert finished(python(code)) == "what it is"


def test_names_that_mlflow_refuses_are_mended(project: Path) -> None:
    tracking.add_metrics("opinions", WEIGHTS, {"test.f1.c#, 好": 0.5})

    _, [run] = runs_of("opinions")
    assert run.data.metrics == {"test.f1.c__ 好": 0.5}


def test_settings_read_as_yaml_writes_them() -> None:
    settings = {"a": {"b": 1e-4, "c": {"d": True}}, "e": None, "f": ("x", 2)}

    assert runs.flatten(settings) == {"a.b": "0.0001", "a.c.d": "true", "e": "null", "f": "x, 2"}
