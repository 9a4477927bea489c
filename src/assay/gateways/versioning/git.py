"""Run git, without the user's hooks: one after checkout, as of ``dvc install``, would start DVC.

Reads and writes what the git command does. Knows no path of a project.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from assay.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


def run(
    *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git to its end, with ``variables`` added to the environment.

    Raises:
        UsageError: git is not installed.

    """
    own = os.environ | dict(variables or {})
    try:
        return subprocess.run(
            ["git", *NO_HOOKS, *arguments], capture_output=True, check=False, env=own
        )
    except FileNotFoundError as problem:
        raise UsageError(
            "git is not installed",
            expected="the git that the project was cloned with",
            cure="install git",
        ) from problem


def output(*arguments: str) -> str | None:
    """Return what git prints, stripped; None where that is nothing, it fails or is not installed.

    What is no UTF-8, as a path may be, is kept (``os.fsencode`` gives the bytes back).
    """
    try:
        done = run(*arguments)
    except UsageError:
        return None
    return os.fsdecode(done.stdout).strip() or None if done.returncode == 0 else None
