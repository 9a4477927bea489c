from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from assay.gateways import tracking
from assay.gateways.tracking import store
from assay.gateways.tracking.journal import add_metrics
from tests.gateways.tracking.made import WEIGHTS, finished, free_address, python, runs_of


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


def test_a_password_in_the_address_is_not_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = free_address()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address.replace("://", "://me:secret@"))
    add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8})

    said = capsys.readouterr().err
    assert f"{address} does not answer" in said
    assert "secret" not in said


def test_a_broken_database_is_said_in_one_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mlruns/mlflow.db").write_bytes(b"torn" * 2000)
    add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8})

    assert capsys.readouterr().err.splitlines() == [
        "tracking: file is not a database; log it later with: assay track opinions"
    ]


def test_an_experiment_in_the_bin_is_taken_out(project: Path) -> None:
    client = store.connect()
    client.delete_experiment(store.experiment(client, "opinions"))
    add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8})

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


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("", True),
        ("sqlite:///mlruns/mlflow.db", True),
        ("mlruns", True),
        ("file:///srv/mlruns", True),
        ("http://127.0.0.1:5000", True),
        ("http://me:secret@localhost:5000/", True),
        ("http://[::1]:5000", True),
        ("https://mlflow.example.org", False),
        ("http://10.0.0.5:5000", False),
        ("http://localhost.example.org:5000", False),
        ("http://127.0.0.1.example.org", False),
        ("file://fileserver/mlruns", False),
        ("postgresql://mlflow@db.example.org/mlflow", False),
        ("databricks://profile", False),
    ],
)
def test_a_store_is_here_only_where_it_surely_is(
    address: str, here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert store.is_here() is here
