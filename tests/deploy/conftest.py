"""A bare environment, as the serving image has it: the lock's files and Assay's wheel, no more."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.deploy.bare import Bare
from tests.release.conftest import base, built, first

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["base", "built", "first"]

LOCK = ROOT / "requirements-serving.lock"
SOURCES = ("pyproject.toml", "README.md", "LICENSE")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
# As deploy/Dockerfile has it; tests/deploy/test_images.py holds that one to hashes.
HASHED = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, of a copy: a build leaves folders behind."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    words = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "wheels", ".")
    _run(*PIP, *words, folder=folder)
    (found,) = (folder / "wheels").iterdir()
    return found


@pytest.fixture(scope="session")
def locked() -> Path:
    """An environment of the lock's files, made once for a lock and kept for later sessions."""
    state = LOCK.read_bytes() + sysconfig.get_python_version().encode()
    folder = Path(os.environ["ASSAY_CACHE"], "serving", hashlib.sha256(state).hexdigest()[:16])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            _make(folder / "environment")
            (folder / "made").touch()
    return folder / "environment"


def _make(environment: Path) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    _run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin/python"
    install = (*PIP, "--python", python, "install", *HASHED, "--requirement", LOCK)
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode and "connection" in done.stderr.lower():
        pytest.skip("the package index is not reachable, and no earlier session left its files")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def bare(locked: Path, wheel: Path) -> Iterator[Bare]:
    """That environment with this project's wheel, in a folder of its own that any user reaches."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield _on_top(locked, wheel, Path(name, "environment"))


def _on_top(locked: Path, wheel: Path, folder: Path) -> Bare:
    _run(sys.executable, "-m", "venv", "--without-pip", folder)
    (theirs,) = locked.glob("lib/python*/site-packages")
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "locked.pth").write_text(f"{theirs}\n")
    words = ("install", "--no-deps", "--no-index", "--no-compile", wheel)
    _run(*PIP, "--python", folder / "bin/python", *words)
    return Bare(folder, locked)


def _run(*words: str | Path, folder: Path | None = None) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
