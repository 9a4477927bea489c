"""A clean worktree as a place to run things in: which Python, which environment, one at a time.

Reads ``requirements.lock`` of the project and of the worktree. Writes the worktree alone: its own
``.venv`` where the two locks differ, and what the processes that it is asked to run write there.
They log nothing to MLflow; those of an older commit log to a store in the worktree, never to the
user's. No process outlives this one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assay import children, errors
from assay.files import read_json, sha256
from assay.paths import ModelPaths

if TYPE_CHECKING:
    from collections.abc import Callable

REQUIREMENTS = Path("requirements.lock")
KILLED = (137, 128 + signal.SIGTERM)


@dataclass(frozen=True)
class CleanTree:
    """A project's folder in a worktree, and the Python that runs its code."""

    folder: Path
    python: str
    tell: Callable[[str], None]

    def stage(self, name: str, model: str) -> errors.AssayError | None:
        """Run one stage; return why it refused or failed, None when it ended well.

        Raises:
            OutOfSpace: the disk is full.
            StageFailed: it was killed: that says nothing of what it would have written.

        """
        code, last = self.run("-m", "assay.stages", name, model)
        if code == 0:
            return None
        left = self.folder / ModelPaths(model).refusal(name)
        problem = (
            errors.from_dict(read_json(left))
            if left.is_file()
            else errors.StageFailed(f"{name} ended with code {code}: {last}")
        )
        if isinstance(problem, errors.OutOfSpace):
            raise problem
        if code < 0 or code in KILLED:
            raise errors.StageFailed(
                f"{name} of {model} was killed (code {code})",
                expected="a stage that runs to its end",
                cure="run the same command again; most often memory was short",
            )
        return problem

    def run(self, *words: str) -> tuple[int, str]:
        """Run Python with these words in the worktree; return its exit code and its last line."""
        here = str(Path(self.python).parent)
        variables = {
            "PATH": os.pathsep.join([here, os.environ.get("PATH", os.defpath)]),
            "PYTHONPATH": str(self.folder / "src"),
            # The worktree is removed: no log of it is read. An older commit ignores the variable.
            "ASSAY_LIVE_TRACKING": "off",
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder}/mlruns/mlflow.db",
        }
        return _run([self.python, *words], self.folder, variables, self.tell)


def prepare(folder: Path, tell: Callable[[str], None]) -> CleanTree:
    """Return the worktree with the Python of its own ``requirements.lock``.

    Where that lock is the project's own, it is the Python that runs here; else ``make .venv/ready``
    installs one in the worktree, each file by its hash.

    Raises:
        StageFailed: it could not be installed; the last line of what was said.

    """
    theirs = digest_of(folder / REQUIREMENTS)
    if theirs is None or theirs == digest_of(REQUIREMENTS):
        return CleanTree(folder, sys.executable, tell)
    tell("that commit's requirements.lock is another one: installing its environment ...")
    words = ["make", f"PYTHON=python{sys.version_info[0]}.{sys.version_info[1]}", ".venv/ready"]
    code, last = _run(words, folder, {}, tell)
    if code:
        raise errors.StageFailed(
            f"the environment of that commit could not be installed: {last}",
            expected="make .venv/ready to end well there",
            cure="check that make, that Python and the package index are at hand",
        )
    return CleanTree(folder, str(folder / ".venv/bin/python"), tell)


def digest_of(path: Path) -> str | None:
    """Return the SHA-256 of a file; None where it is not there."""
    return sha256(path) if path.is_file() else None


def _run(
    words: list[str], folder: Path, variables: dict[str, str], tell: Callable[[str], None]
) -> tuple[int, str]:
    last: deque[str] = deque([""], maxlen=1)
    child = subprocess.Popen(
        words,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=children.environment(variables),
        start_new_session=True,  # a group of its own: end_group reaches all of it
        encoding="utf-8",
        errors="replace",
    )
    try:
        for line in filter(None, map(str.rstrip, child.stdout or ())):
            last.append(line)
            tell(line)
        return child.wait(), last[0]
    except BaseException:
        children.end_group(child)
        raise
