from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.errors import (
    MissingFile,
    OutOfSpace,
    SettingsError,
    SourceRefused,
    StageFailed,
    UnknownModel,
    UsageError,
)
from assay.gateways import versioning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARAMS = """\
models:
  tiny:
    task: text-classification
    labels: [good, bad]
  tiny-two:
    task: text-classification
    labels: [good, bad]
"""

# `ingest` is the real stage. `train` copies its table for as long as the file `hold` is there: a
# training that can be caught in the act. It dies with its parent in the way every stage does.
PIPELINE = """\
stages:
  ingest:
    foreach: ${models}
    do:
      cmd: python -m assay.stages ingest ${key}
      deps:
        - data/inbox/${key}
      outs:
        - data/raw/${key}.parquet
  train:
    foreach: ${models}
    do:
      cmd: python train.py ${key}
      deps:
        - data/raw/${key}.parquet
      outs:
        - models/${key}
"""

TRAIN = """\
import os, pathlib, sys, time
from assay.stages import __main__ as stage
stage._die_with_parent()
folder = pathlib.Path("models") / sys.argv[1]
folder.mkdir(parents=True)
print("training", sys.argv[1])
pathlib.Path("stage.pid").write_text(f"{os.getpid()} {os.getppid()}")
step = 0
while pathlib.Path("hold").exists():
    step += 1
    pathlib.Path("steps").write_text(str(step))
    time.sleep(0.02)
(folder / "sub").mkdir()
raw = pathlib.Path("data/raw") / f"{sys.argv[1]}.parquet"
(folder / "sub" / "weights").write_bytes(raw.read_bytes())
(folder / "b").write_text("b")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return build(tmp_path / "a project", monkeypatch)


def build(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for model in ("tiny", "tiny-two"):
        inbox = root / "data/inbox" / model
        inbox.mkdir(parents=True)
        (inbox / "rows.csv").write_text("text,label\nfine,good\npoor,bad\n")
    (root / "params.yaml").write_text(PARAMS)
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "train.py").write_text(TRAIN)
    (root / ".gitignore").write_text(".assay/\n")
    monkeypatch.chdir(root)
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], check=True)
    return root


def commit_all() -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run(["git", *who, "commit", "--quiet", "--message", "first"], check=True)


def start(target: str) -> subprocess.Popen[str]:
    """Call ``reproduce`` in a process of its own, as ``assay run`` does."""
    call = f"from assay.gateways import versioning; versioning.reproduce({target!r})"
    return subprocess.Popen(
        [sys.executable, "-c", call], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


@pytest.fixture
def held(project: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start a training that stays under way; end it after the test."""
    started = []

    def hold() -> subprocess.Popen[str]:
        Path("hold").touch()
        started.append(start("train@tiny"))
        until(lambda: Path("steps").exists())
        return started[-1]

    yield hold
    (project / "hold").unlink(missing_ok=True)
    for run in started:
        run.kill()
        run.wait()
        assert run.stderr
        run.stderr.close()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, "nothing happened for two minutes"
        time.sleep(0.05)


def alive(process: int) -> bool:
    """Whether a process exists and is more than an entry that nobody has collected."""
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] not in "ZX"


def test_stages_come_in_the_order_of_execution_and_of_one_model_alone(project: Path) -> None:
    assert versioning.stages_of("tiny") == ["ingest@tiny", "train@tiny"]


def test_stages_of_an_unknown_model_name_the_valid_ones(project: Path) -> None:
    with pytest.raises(UnknownModel, match="tiny, tiny-two"):
        versioning.stages_of("tinny")


def test_lines_arrive_as_they_are_said_and_outputs_are_those_of_the_lock(project: Path) -> None:
    lines: list[str] = []
    versioning.reproduce("train@tiny", on_line=lines.append)

    assert lines.index("Running stage 'ingest@tiny':") < lines.index("training tiny")
    assert versioning.verify_outputs("tiny") == []
    entries = versioning.lock_entries("tiny")
    assert list(entries) == ["data/raw/tiny.parquet", "models/tiny"]
    assert entries["models/tiny"].endswith(".dir")
    assert versioning.lock_entries("tiny-two") == {}


def test_a_changed_byte_and_a_missing_file_are_found_behind_dvcs_back(project: Path) -> None:
    versioning.reproduce("train@tiny", on_line=lambda _: None)
    weights = Path("models/tiny/sub/weights")
    before = weights.stat()
    content = bytearray(weights.read_bytes())
    content[10] ^= 1
    weights.write_bytes(content)
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    Path("data/raw/tiny.parquet").unlink()

    assert versioning.verify_outputs("tiny") == [
        "data/raw/tiny.parquet: missing",
        "models/tiny: altered",
    ]


def test_single_runs_that_stage_alone(project: Path) -> None:
    versioning.reproduce("ingest@tiny", single=True, on_line=lambda _: None)
    Path("data/inbox/tiny/more.csv").write_text("text,label\nnice,good\n")
    lines: list[str] = []
    versioning.reproduce("train@tiny", single=True, on_line=lines.append)

    assert "Running stage 'train@tiny':" in lines
    assert "Running stage 'ingest@tiny':" not in lines


def test_a_refusal_keeps_its_kind_its_exit_code_and_its_words(project: Path) -> None:
    Path("data/inbox/tiny/rows.csv").write_text("words,label\nfine,good\n")
    with pytest.raises(SourceRefused, match="no column 'text'") as caught:
        versioning.reproduce("train@tiny", on_line=lambda _: None)
    assert caught.value.exit_code == 3
    assert "ingest.text" in caught.value.cure


def test_a_refusal_of_an_earlier_run_is_not_told_again(project: Path) -> None:
    Path(".assay/refusals").mkdir(parents=True)
    old = SourceRefused("old", expected="", cure="")
    Path(".assay/refusals/ingest@tiny.json").write_text(json.dumps(old.as_dict()))
    Path("train.py").write_text("raise ValueError('the loss is not a number')")
    with pytest.raises(StageFailed, match="the loss is not a number") as caught:
        versioning.reproduce("train@tiny", on_line=lambda _: None)
    assert "failed to reproduce 'train@tiny'" in caught.value.found


def test_a_stage_that_was_killed_says_so(project: Path) -> None:
    Path("train.py").write_text("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(StageFailed, match="memory"):
        versioning.reproduce("train@tiny", on_line=lambda _: None)


@pytest.mark.parametrize(
    ("file", "text", "kind", "words"),
    [
        ("params.yaml", "  : [", SettingsError, "params.yaml is not readable YAML"),
        ("params.yaml", "rest: 1\n", SettingsError, "unknown key `rest`"),
        ("dvc.yaml", "  : [", SettingsError, "dvc.yaml"),
        ("dvc.yaml", "stagez: 1\n", SettingsError, "stagez"),
    ],
)
def test_a_broken_file_is_named(
    project: Path, file: str, text: str, kind: type[Exception], words: str
) -> None:
    with Path(file).open("a") as stream:
        stream.write(text)
    with pytest.raises(kind, match=words):
        versioning.reproduce("train@tiny", on_line=lambda _: None)
    with pytest.raises(kind, match=words):
        versioning.stages_of("tiny")


def test_an_unknown_stage_is_wrong_usage(project: Path) -> None:
    with pytest.raises(UsageError, match="trian@tiny"):
        versioning.reproduce("trian@tiny", on_line=lambda _: None)


def test_outside_a_project_nothing_is_asked_of_dvc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for ask in (versioning.stages_of, versioning.reproduce):
        with pytest.raises(UsageError, match=r"no params\.yaml"):
            ask("tiny")
    assert list(tmp_path.iterdir()) == []


def test_without_git_the_cure_is_named(project: Path) -> None:
    shutil.rmtree(".git")
    with pytest.raises(UsageError, match="git init"):
        versioning.stages_of("tiny")


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


linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of a parent's death")


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


@linux
def test_a_full_disk_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], check=False
    )
    if mounted.returncode:
        pytest.skip("only root may make a small disk")
    try:
        build(disk / "project", monkeypatch)
        # The workspace has room for it, DVC's cache beside it has not.
        Path("train.py").write_text(
            "import os; os.makedirs('models/tiny'); "
            "open('models/tiny/weights', 'wb').write(bytes(2000000))"
        )
        versioning.reproduce("ingest@tiny", on_line=lambda _: None)
        before = Path("dvc.lock").read_text()
        with pytest.raises(OutOfSpace, match="the disk is full"):
            versioning.reproduce("train@tiny", on_line=lambda _: None)
        assert Path("dvc.lock").read_text() == before
    finally:
        monkeypatch.chdir(tmp_path)
        subprocess.run(["umount", str(disk)], check=True)


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


def test_git_tells_the_commit_and_what_differs_from_it(project: Path) -> None:
    assert versioning.commit() is None
    commit_all()
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert versioning.commit() == head.stdout.strip()
    assert not versioning.dirty()
    Path("params.yaml").write_text(PARAMS + "\n")
    assert versioning.dirty()


def test_outside_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert versioning.commit() is None
    assert not versioning.dirty()
