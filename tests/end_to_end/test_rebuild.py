"""The proof: the same commit gives the same bytes, wherever it is built and however often killed.

Drives the real command on a slice of the real opinions with a small real BERT. Being killed in
every stage hangs on no processor: that test runs once.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from assay.files import sha256
from assay.paths import STAGES
from tests.conftest import Project, lay_out, settings

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = "slice"


def _lay_out(folder: Path, checkpoint: Path, archive: Path) -> Project:
    # Inside the project and named relative to it, as two clones would.
    block = settings(
        Path("checkpoint"), ingest__source="opinions", ingest__limit=900, ingest__slices=["domain"]
    )
    project = lay_out(folder, {MODEL: block})
    shutil.copytree(checkpoint, folder / "checkpoint")
    (folder / "data/downloads").mkdir(parents=True)
    shutil.copyfile(archive, folder / "data/downloads" / archive.name)
    return project


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, checkpoint: Path, opinions_archive: Path
) -> tuple[Project, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("one") / "first"
    project = _lay_out(folder, checkpoint, opinions_archive)
    return project, project.assay("run", MODEL, ASSAY_LIVE_TRACKING="on")


@pytest.mark.processor
def test_run_ends_with_what_a_user_wants_to_know(
    built: tuple[Project, subprocess.CompletedProcess[str]],
) -> None:
    project, answer = built
    assert answer.returncode == 0, answer.stderr
    for word in ("accuracy", "macro F1", "ROC-AUC", "95 %", "fp32 to int8", "bundle", "make up"):
        assert word in answer.stdout
    # The repository's prefect.yaml has no deployment of this model.
    assert "edit prefect.yaml" in answer.stdout
    split = json.loads((project.folder / project.files(MODEL).split_report).read_text())
    assert split["leaks"] == {"exact": 0, "near": 0}
    assert "version 1 in MLflow" in answer.stdout


def test_tracked_files_name_no_folder_of_this_machine(
    built: tuple[Project, subprocess.CompletedProcess[str]],
) -> None:
    project, _ = built
    files = project.files(MODEL)
    for output in (files.bundle, files.reports, files.checkpoint):
        for file in (project.folder / output).rglob("*"):
            if file.is_file():
                assert str(project.folder).encode() not in file.read_bytes(), file


def test_a_clone_elsewhere_killed_in_every_stage_ends_in_the_same_bytes(
    built: tuple[Project, subprocess.CompletedProcess[str]],
    tmp_path: Path,
    checkpoint: Path,
    opinions_archive: Path,
) -> None:
    first, answer = built
    assert answer.returncode == 0, answer.stderr
    second = _lay_out(tmp_path / "an other folder", checkpoint, opinions_archive)
    for stage in STAGES:
        _kill_in(second, stage)
    last = second.assay("run", MODEL)
    assert last.returncode == 0, last.stderr
    assert _outputs(first) == _outputs(second)
    assert sha256(first.folder / "dvc.lock") == sha256(second.folder / "dvc.lock")


def _kill_in(project: Project, stage: str) -> None:
    """Start a run and kill it, and nothing else, while ``stage`` works."""
    with subprocess.Popen(
        [sys.executable, "-m", "assay", "run", MODEL],
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as run:
        _wait_until(lambda: _stage_processes(project, stage), run)
        if stage == "train":
            # Far enough to have a checkpoint to go on from.
            state = project.folder / project.files(MODEL).resume / "state.safetensors"
            _wait_until(state.is_file, run)
        run.send_signal(signal.SIGKILL)
    _wait_until(lambda: not _processes_in(project), None)


def _wait_until(condition: Callable[[], object], run: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert run is None or run.poll() is None, f"the run ended by itself: {run.returncode}"
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)  # to look through every process takes time from the run itself


def _stage_processes(project: Project, stage: str) -> list[str]:
    wanted = f"assay.stages {stage} {MODEL}"
    return [command for command in _processes_in(project) if wanted in command]


def _processes_in(project: Project) -> list[str]:
    """Return the command line of every living process that works in the project's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == project.folder:
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _outputs(project: Project) -> dict[str, str]:
    files = project.files(MODEL)
    parts = (files.raw, files.splits, files.checkpoint, files.bundle, files.reports)
    return {str(part): sha256(project.folder / part) for part in parts}


@pytest.mark.processor
def test_a_second_run_has_nothing_to_do_and_answers_the_same(
    built: tuple[Project, subprocess.CompletedProcess[str]],
) -> None:
    project, _ = built
    before = _outputs(project)
    answer = project.assay("run", MODEL, "--json")
    assert answer.returncode == 0, answer.stderr
    assert "Running stage" not in answer.stderr + answer.stdout
    assert json.loads(answer.stdout)["version"] == 1
    assert _outputs(project) == before


@pytest.mark.processor
def test_a_clone_that_pulls_has_nothing_left_to_build(
    built: tuple[Project, subprocess.CompletedProcess[str]],
    tmp_path: Path,
    checkpoint: Path,
    opinions_archive: Path,
) -> None:
    first, _ = built
    remote = tmp_path / "remote"
    assert first.dvc("remote", "add", "--local", "-f", "store", str(remote)).returncode == 0
    pushed = first.dvc("push", "-r", "store")
    assert pushed.returncode == 0, pushed.stderr
    third = _lay_out(tmp_path / "third", checkpoint, opinions_archive)
    shutil.copyfile(first.folder / "dvc.lock", third.folder / "dvc.lock")
    assert third.dvc("remote", "add", "--local", "store", str(remote)).returncode == 0
    pulled = third.dvc("pull", "-r", "store")
    assert pulled.returncode == 0, pulled.stderr
    assert "up to date" in third.dvc("status").stdout
    answer = third.assay("predict", MODEL, "a wonderful film", "what a waste", "--json")
    assert answer.returncode == 0, answer.stderr
    predictions = json.loads(answer.stdout)["predictions"]
    assert [sorted(p["probabilities"]) for p in predictions] == [
        ["negative", "neutral", "positive"]
    ] * 2


def test_a_bundle_with_an_altered_byte_is_not_opened(
    built: tuple[Project, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    first, _ = built
    copy = Project(tmp_path / "copy")
    shutil.copytree(first.folder, copy.folder, symlinks=True)
    model = copy.folder / copy.files(MODEL).bundle / "model.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.chmod(0o644)
    model.write_bytes(content)
    answer = copy.assay("predict", MODEL, "a wonderful film")
    assert answer.returncode == 3
    assert "model.onnx were altered" in answer.stderr
    assert "Traceback" not in answer.stderr
