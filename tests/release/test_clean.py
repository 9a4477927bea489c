"""Which Python runs in a worktree, and what becomes of what it starts; no environment is faked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import psutil
import pytest

from assay.errors import OutOfSpace, StageFailed
from assay.files import write_json
from assay.release.clean import CleanTree, digest_of, prepare

# An environment of its own that needs no network: this one's libraries, by a path file.
MAKEFILE = f"""\
.venv/ready:
\t@echo installing
\t@"{sys.executable}" -m venv --without-pip .venv
\t@echo "{sysconfig.get_path("purelib")}" > "$$(echo .venv/lib/python*/site-packages)/more.pth"
\t@touch .venv/ready
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a lock, as the working folder."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    Path("requirements.lock").write_text("now==2\n")
    return tmp_path / "project"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a tree").mkdir()
    return tmp_path / "a tree"


def test_an_equal_lock_needs_no_environment_of_its_own(folder: Path) -> None:
    (folder / "requirements.lock").write_text("now==2\n")
    (folder / "Makefile").write_text(MAKEFILE)
    assert prepare(folder, print).python == sys.executable
    assert not (folder / ".venv").exists()
    (folder / "requirements.lock").unlink()
    assert prepare(folder, print).python == sys.executable


def test_another_lock_is_installed_in_the_worktree(folder: Path) -> None:
    (folder / "requirements.lock").write_text("then==1\n")
    (folder / "Makefile").write_text(MAKEFILE)
    lines: list[str] = []
    tree = prepare(folder, lines.append)
    assert "installing" in lines
    lines.clear()
    assert tree.run("-c", "import sys, numpy; print(sys.prefix)") == (0, str(folder / ".venv"))
    assert not Path(".venv").exists()


def test_an_environment_that_cannot_be_installed_stops_the_rebuild(folder: Path) -> None:
    (folder / "requirements.lock").write_text("then==1\n")
    (folder / "Makefile").write_text(".venv/ready:\n\t@echo no such version >&2; exit 1\n")
    with pytest.raises(StageFailed, match="could not be installed") as refused:
        prepare(folder, print)
    assert "make .venv/ready" in str(refused.value)


def test_a_process_sees_the_worktrees_code_and_a_store_of_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("ASSAY_MIRROR", "/a mirror")
    (folder / "src").mkdir()
    (folder / "src/only_here.py").write_text("name = 'here'\n")
    program = (
        "import os, only_here; print(os.getcwd()); print(only_here.name);"
        "print(os.environ['MLFLOW_TRACKING_URI']); print(os.environ['ASSAY_MIRROR'])"
    )
    lines: list[str] = []
    CleanTree(folder, sys.executable, lines.append).run("-c", program)
    store = f"sqlite:///{folder}/mlruns/mlflow.db"
    assert lines == [str(folder), "here", store, "/a mirror"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_stage_that_was_killed_is_no_finding(folder: Path, number: int) -> None:
    package = folder / "src/assay/stages"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(f"import os; os.kill(os.getpid(), {int(number)})\n")
    with pytest.raises(StageFailed, match="was killed"):
        CleanTree(folder, sys.executable, print).stage("train", "m")


def test_what_a_stage_refused_is_returned_and_a_full_disk_stops(folder: Path) -> None:
    package = folder / "src/assay/stages"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("import sys; print('the last line'); sys.exit(1)\n")
    tree = CleanTree(folder, sys.executable, print)
    problem = tree.stage("train", "m")
    assert isinstance(problem, StageFailed)
    assert "the last line" in problem.found
    write_json(folder / ".assay/refusals/train@m.json", OutOfSpace("full").as_dict())
    with pytest.raises(OutOfSpace):
        tree.stage("train", "m")


HOLD = """
import sys
from pathlib import Path
from assay.release.clean import CleanTree
tree = CleanTree(Path(sys.argv[1]), sys.executable, lambda line: None)
tree.run("-c", "import time; open('here', 'w').close(); time.sleep(60)")
"""


def test_ctrl_c_ends_what_runs_in_the_worktree(folder: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (folder / "here").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (child,) = psutil.Process(holder.pid).children()
    os.kill(holder.pid, signal.SIGINT)
    holder.wait(30)
    assert not child.is_running()


def test_a_file_that_is_not_there_has_no_digest(folder: Path) -> None:
    assert digest_of(folder / "nowhere") is None
    assert digest_of(Path("requirements.lock"))
