from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay import records
from assay.gateways import tracking
from assay.gateways.tracking.journal import add_metrics
from assay.paths import ModelPaths
from tests import reports
from tests.gateways.tracking.made import WEIGHTS, free_address, python, runs_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def deaf_server() -> Iterator[str]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_journal_keeps_a_training_and_others_add_to_its_run(project: Path) -> None:
    settings = {"train": {"epochs": 2, "clip": None}, "labels": ["good", "bad"]}
    with tracking.Journal.open("opinions", params=settings, tags={"kind": "first"}) as journal:
        for step in range(2500):
            journal.log(step, {"loss": 1 / (step + 1)})
        assert journal.alive
        journal.close(WEIGHTS, "FINISHED")
    add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8}, {"kind": "second"})

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
        add_metrics("opinions", WEIGHTS, {"test.accuracy": accuracy})

    client, [run] = runs_of("opinions")
    points = client.get_metric_history(run.info.run_id, "test.accuracy")
    assert [point.value for point in points] == [0.79666666, 0.796668]


def test_reports_join_the_run_and_one_that_cannot_be_read_stops_nothing(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = ModelPaths("opinions")
    records.write(files.metrics, reports.evaluation())
    records.write(files.parity, reports.parity())
    records.write(files.timings, reports.timings())
    tracking.add_reported_metrics(files, WEIGHTS)
    _, [run] = runs_of("opinions")
    assert run.data.metrics["parity.fp32.score"] == 0.75
    assert run.data.metrics["timing.int8_speedup"] == 2.1
    capfd.readouterr()
    files.timings.write_text("half a line")
    tracking.add_reported_metrics(files, WEIGHTS)
    said = capfd.readouterr().err
    assert f"{files.timings} cannot be read" in said
    assert "assay track opinions" in said


def test_where_live_tracking_is_off_nothing_is_written(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_LIVE_TRACKING", "off")
    with tracking.Journal.open("opinions", params={}, tags={}) as journal:
        journal.log(1, {"loss": 1.0})
        assert not journal.alive
    tracking.add_reported_metrics(ModelPaths("opinions"), WEIGHTS)
    assert list(bare.iterdir()) == []


def test_an_error_marks_the_run_failed(project: Path) -> None:
    with (
        pytest.raises(ValueError, match="no"),
        tracking.Journal.open("opinions", params={}, tags={}) as journal,
    ):
        journal.log(1, {"loss": 1.0})
        raise ValueError("no")

    _, [run] = runs_of("opinions")
    assert (run.info.status, run.data.metrics) == ("FAILED", {"loss": 1.0})


def test_a_killed_training_resumes_its_own_run(project: Path) -> None:
    child = python(
        "import time; from assay.gateways import tracking\n"
        "j = tracking.Journal.open('opinions', params={'a': 1}, tags={'assay.training': 'f'})\n"
        "j.log(1, {'loss': 3.0}); time.sleep(60)"
    )
    while not any(run.data.metrics for run in runs_of("opinions")[1]):
        assert child.poll() is None
        time.sleep(0.3)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    _, [before] = runs_of("opinions")
    assert (before.info.status, before.data.metrics) == ("RUNNING", {"loss": 3.0})

    tags = {"assay.training": "f"}
    with tracking.Journal.open("opinions", params={"a": 1}, tags=tags) as journal:
        journal.log(2, {"loss": 2.0})
        journal.close(WEIGHTS, "FINISHED")
    with tracking.Journal.open("opinions", params={"a": 2}, tags={"assay.training": "g"}):
        pass

    client, _ = runs_of("opinions")
    after = client.get_run(before.info.run_id)
    assert after.info.status == "FINISHED"
    steps = client.get_metric_history(after.info.run_id, "loss")
    assert [point.step for point in steps] == [1, 2]
    assert len(runs_of("opinions")[1]) == 2


def test_a_finished_training_that_is_repeated_gets_a_run_of_its_own(project: Path) -> None:
    for _ in range(2):
        with tracking.Journal.open("opinions", params={}, tags={"assay.training": "f"}):
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

    add_metrics("opinions", WEIGHTS, {"test.accuracy": 0.8})
    assert "assay track opinions" in capsys.readouterr().err


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


def test_a_silent_journal_leaves_nothing(bare: Path) -> None:
    with tracking.Journal.silent() as journal:
        journal.log(1, {"loss": 1.0})
        journal.close(WEIGHTS, "FINISHED")

    assert not journal.alive
    assert not Path("mlruns").exists()
