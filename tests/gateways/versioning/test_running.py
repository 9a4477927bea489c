from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.errors import (
    MissingFile,
    SourceRefused,
    StageFailed,
)
from assay.gateways import versioning
from tests.gateways.versioning.made import alive, linux, start, until

if TYPE_CHECKING:
    from collections.abc import Callable


def test_lines_arrive_as_they_are_said_and_outputs_are_those_of_the_lock(project: Path) -> None:
    lines: list[str] = []
    versioning.reproduce("train@tiny", on_line=lines.append)

    assert lines.index("Running stage 'ingest@tiny':") < lines.index("training tiny")
    assert versioning.verify_outputs("tiny") == []
    entries = versioning.lock_entries("tiny")
    assert list(entries) == ["data/raw/tiny.parquet", "models/tiny"]
    assert entries["models/tiny"].endswith(".dir")
    assert versioning.lock_entries("tiny-two") == {}


@pytest.mark.parametrize("kind", ["a named pipe", "leads nowhere", "itself"])
def test_what_dvc_fails_at_in_the_inbox_is_refused_before_it_meets_it(
    project: Path, kind: str
) -> None:
    odd = Path("data/inbox/tiny/odd.csv")
    if kind == "a named pipe":
        os.mkfifo(odd)
    else:
        odd.symlink_to("nowhere.csv" if kind == "leads nowhere" else "odd.csv")
    with pytest.raises(SourceRefused, match=r"odd\.csv"):
        versioning.reproduce("ingest@tiny", on_line=lambda _: None)
    assert not Path("dvc.lock").exists()


def test_single_runs_that_stage_alone(project: Path) -> None:
    versioning.reproduce("ingest@tiny", single=True, on_line=lambda _: None)
    Path("data/inbox/tiny/more.csv").write_text("text,label\nnice,good\n")
    lines: list[str] = []
    versioning.reproduce("train@tiny", single=True, on_line=lines.append)

    assert "Running stage 'train@tiny':" in lines
    assert "Running stage 'ingest@tiny':" not in lines


@pytest.mark.parametrize("torn", ['{"write": {"/a', '{"write": []}', "[1]"])
def test_a_torn_lock_of_dvc_does_not_stop_it(project: Path, torn: str) -> None:
    Path(".dvc/tmp").mkdir(exist_ok=True)
    Path(".dvc/tmp/rwlock").write_text(torn)
    versioning.reproduce("ingest@tiny", on_line=lambda _: None)
    assert versioning.verify_outputs("tiny") == []


def rwlock_of(process: int) -> str:
    entry = {"pid": process, "cmd": "dvc repro"}
    return json.dumps({"write": {str(Path("data/raw/tiny.parquet").absolute()): entry}, "read": {}})


def test_a_lock_of_a_process_that_is_not_dvc_does_not_stop_it(project: Path) -> None:
    Path(".dvc/tmp").mkdir(exist_ok=True)
    Path(".dvc/tmp/rwlock").write_text(rwlock_of(os.getpid()))
    versioning.reproduce("ingest@tiny", on_line=lambda _: None)
    assert versioning.verify_outputs("tiny") == []


def test_a_dvc_that_somebody_started_by_hand_is_respected(project: Path) -> None:
    Path(".dvc/tmp").mkdir(exist_ok=True)
    by_hand = subprocess.Popen(
        [sys.executable, "-c", "input()", "dvc", "repro"], stdin=subprocess.PIPE
    )
    try:
        # Between its fork and its exec a process still bears the command line of this one.
        command_line = Path(f"/proc/{by_hand.pid}/cmdline")
        if sys.platform == "linux":
            until(lambda: b"dvc" in command_line.read_bytes().split(b"\0"))
        Path(".dvc/tmp/rwlock").write_text(rwlock_of(by_hand.pid))
        with pytest.raises(StageFailed, match=f"PID {by_hand.pid}"):
            versioning.reproduce("ingest@tiny", on_line=lambda _: None)
    finally:
        by_hand.communicate(b"\n")


def test_a_second_run_waits_says_so_once_and_has_nothing_left_to_do(
    held: Callable[[], subprocess.Popen[str]],
) -> None:
    first = held()
    second = start("train@tiny")
    assert second.stderr
    waiting = second.stderr.readline()
    Path("hold").unlink()
    first.communicate()
    _, rest = second.communicate()

    assert "waiting" in waiting
    assert "repro train@tiny" in waiting
    assert "waiting" not in rest
    assert (first.returncode, second.returncode) == (0, 0)
    assert versioning.verify_outputs("tiny") == []


@linux
@pytest.mark.parametrize("victim", ["our process", "dvc"])
def test_kill_9_leaves_no_survivor_and_the_next_run_repairs_all(
    held: Callable[[], subprocess.Popen[str]], victim: str
) -> None:
    run = held()
    stage, dvc = map(int, Path("stage.pid").read_text().split())
    os.kill(run.pid if victim == "our process" else dvc, signal.SIGKILL)
    run.communicate()

    with versioning.LOCK.open() as lock:  # free once the last of them has ended
        fcntl.flock(lock, fcntl.LOCK_EX)
    steps = Path("steps").read_text()
    until(lambda: not alive(stage) and not alive(dvc))
    assert run.returncode != 0
    assert Path("steps").read_text() == steps

    Path("hold").unlink()
    versioning.reproduce("train@tiny", on_line=lambda _: None)
    assert versioning.verify_outputs("tiny") == []


def test_ctrl_c_ends_everything(held: Callable[[], subprocess.Popen[str]]) -> None:
    run = held()
    stage, dvc = map(int, Path("stage.pid").read_text().split())
    run.send_signal(signal.SIGINT)
    run.communicate()

    assert run.returncode == -signal.SIGINT
    with versioning.LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert not alive(stage)
    assert not alive(dvc)


def test_a_listener_that_fails_ends_everything(project: Path) -> None:
    Path("hold").touch()

    def listen(line: str) -> None:
        if line == "training tiny":
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        versioning.reproduce("train@tiny", on_line=listen)
    with versioning.LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_tracked_file_leaves_its_digest_to_git_and_says_nothing(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    versioning.track(Path("data/inbox/tiny/rows.csv"))
    assert "rows.csv" in Path("data/inbox/tiny/rows.csv.dvc").read_text()
    assert "/rows.csv" in Path("data/inbox/tiny/.gitignore").read_text()
    assert capfd.readouterr() == ("", "")
    versioning.reproduce("train@tiny", on_line=lambda _: None)
    assert versioning.stages_of("tiny") == ["ingest@tiny", "train@tiny"]


def test_a_file_that_is_not_there_cannot_be_tracked(project: Path) -> None:
    with pytest.raises(MissingFile, match=r"gone\.csv"):
        versioning.track(Path("gone.csv"))
