from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from assay import records
from assay.files import sha256
from assay.paths import PARAMS, ModelPaths
from assay.records import Trace, TracePoint
from assay.release import replay
from assay.tasks import registry
from tests import made

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)
BUILT = {"text": made.built, "image": made.built_images, "table": made.built_table}


@pytest.fixture(params=list(BUILT))
def built(
    request: pytest.FixtureRequest, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Go into a project whose model is built."""
    build: Callable[[Path], Path] = BUILT[request.param]
    folder = build(checkpoint)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def own(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go into a copy of the built project of a table, which a test may change."""
    folder = tmp_path / "project"
    shutil.copytree(made.built_table(checkpoint), folder)
    monkeypatch.chdir(folder)
    return folder


def _replayed(output: Path, seconds: float = math.inf) -> Trace:
    assert replay.main(made.MODEL, str(seconds), str(output)) == 0
    return records.read(output, Trace)


def _recorded() -> Trace:
    return records.read(FILES.trace, Trace)


def _set(name: str, value: float | str) -> None:
    """Change a setting of the training in ``params.yaml``."""
    yaml = YAML()
    content = yaml.load(PARAMS)
    content["models"][made.MODEL]["train"][name] = value
    yaml.dump(content, PARAMS)


def _content(folder: Path) -> dict[Path, str]:
    return {file: sha256(file) for file in folder.rglob("*") if file.is_file()}


def test_a_whole_replay_is_the_recorded_trace_and_changes_nothing(
    built: Path, tmp_path: Path
) -> None:
    before = _content(built)
    found = _replayed(tmp_path / "found.json")
    assert found == _recorded()
    assert replay.compare(_recorded(), found) == (found.points[-1].step, None)
    assert _content(built) == before


def test_without_seconds_it_stops_at_step_0(built: Path, tmp_path: Path) -> None:
    found = _replayed(tmp_path / "found.json", 0)
    assert found.points == _recorded().points[:1]
    assert replay.compare(_recorded(), found) == (0, None)


def test_it_stops_at_the_first_point_behind_the_deadline(built: Path) -> None:
    settings = registry.load_model(made.MODEL)
    found = replay.replay(settings, FILES, deadline=time.monotonic() - 1)
    assert [point.step for point in found.points] == [0]


@pytest.mark.parametrize(
    ("name", "value", "differs_at"), [("seed", 14, 0), ("learning_rate", 6e-3, 5)]
)
def test_another_setting_differs_where_it_first_matters(
    own: Path, tmp_path: Path, name: str, value: float, differs_at: int
) -> None:
    _set(name, value)
    found = _replayed(tmp_path / "found.json")
    assert replay.compare(_recorded(), found).differs_at == differs_at


def test_the_state_of_a_killed_training_is_neither_used_nor_touched(
    own: Path, tmp_path: Path
) -> None:
    FILES.resume.mkdir(parents=True)
    (FILES.resume / "state.safetensors").write_bytes(b"a state")
    assert _replayed(tmp_path / "found.json", 0).points == _recorded().points[:1]
    assert [file.read_bytes() for file in FILES.resume.iterdir()] == [b"a state"]


def _process(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "assay.release.replay", *words], stderr=subprocess.PIPE, text=True
    )


def test_as_a_process_of_its_own_it_finds_the_same(own: Path, tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    process = _process(made.MODEL, "0", str(output))
    _, said = process.communicate(timeout=200)
    assert process.returncode == 0, said
    assert "stopped at step 0" in said
    assert records.read(output, Trace).points == _recorded().points[:1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nobody", "1", "out.json"), 2, "nobody"),
        ((made.MODEL, "soon", "out.json"), 2, "a number of seconds"),
        ((made.MODEL,), 2, "a number of seconds"),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    own: Path, words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay.main(*words) == code
    assert said in capsys.readouterr().err
    assert not Path("out.json").exists()


def test_a_training_that_is_refused_leaves_its_message_and_no_trace(
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(made.built(checkpoint), tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    _set("checkpoint", "nowhere")
    assert replay.main(made.MODEL, "inf", "found.json") == 2
    assert "nowhere" in capsys.readouterr().err
    assert not Path("found.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone ends a process with its parent")
def test_it_ends_with_the_process_that_started_it(own: Path, tmp_path: Path) -> None:
    _set("epochs", 10_000)
    _set("patience", 10_000)
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'assay.release.replay', *sys.argv[1:]])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, made.MODEL, "inf", str(tmp_path / "found.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert parent.stderr is not None
    child = int(parent.stdout.readline())
    # A training that runs: by now it is bound to its parent.
    assert any("epoch 1:" in line for line in parent.stderr)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    for _ in range(100):
        if not _runs(child):
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the replay outlived the process that started it")


def _runs(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False


def _trace(*points: tuple[int, str]) -> Trace:
    return Trace(points=tuple(TracePoint(step=step, sha256=digest) for step, digest in points))


EXPECTED = _trace((0, "a"), (10, "b"), (50, "c"))


@pytest.mark.parametrize(
    ("found", "compared"),
    [
        (_trace(), (None, None)),
        (_trace((0, "a")), (0, None)),
        (_trace((0, "a"), (10, "b")), (10, None)),
        (EXPECTED, (50, None)),
        (_trace((0, "x"), (10, "b")), (None, 0)),
        (_trace((0, "a"), (10, "x"), (50, "c")), (0, 10)),
        (_trace((0, "a"), (10, "b"), (40, "c")), (10, 40)),
        (_trace((0, "a"), (10, "b"), (60, "c")), (10, 50)),
        (_trace((0, "a"), (10, "b"), (50, "c"), (60, "d")), (50, 60)),
    ],
)
def test_traces_are_compared_point_by_point(
    found: Trace, compared: tuple[int | None, int | None]
) -> None:
    assert replay.compare(EXPECTED, found) == compared
