"""Branches that a schedule commits to.

Reads and writes git's branches and commits, in the worktree that is the working folder. Never moves
the branch that somebody has checked out, and runs none of the user's hooks.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from assay.errors import StageFailed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NO_HOOKS = ("-c", "core.hooksPath=/dev/null")
# Where git was never told who commits.
IDENTITY = {"NAME": "Assay", "EMAIL": "assay@localhost"}


def tip_of(branch: str, commit: str) -> str:
    """Return the last commit of a branch if it goes on from ``commit``, else ``commit``."""
    tip = _git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").stdout.strip()
    if tip and _git("merge-base", "--is-ancestor", commit, tip).returncode == 0:
        return tip
    return commit


def commit_to(branch: str, paths: Sequence[Path], subject: str) -> str | None:
    """Commit ``paths`` as they lie in this worktree, and let ``branch`` name the commit.

    A branch that does not lead here is kept under another name. Returns None where nothing changed.

    Raises:
        StageFailed: what git said.

    """
    _done("add", "--all", "--", *map(str, paths))
    if _git("diff", "--cached", "--quiet").returncode == 0:
        return None
    _done("commit", "--quiet", "--no-verify", "--message", subject)
    made = _done("rev-parse", "HEAD")
    tip = _git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").stdout.strip()
    if tip and _git("merge-base", "--is-ancestor", tip, made).returncode:
        _done("branch", "--force", f"{branch}-{tip[:12]}", tip)
    _done("branch", "--force", branch, made)
    return made


def _done(*arguments: str) -> str:
    done = _git(*arguments)
    if done.returncode:
        raise StageFailed(
            f"git {arguments[0]}: {(done.stderr or done.stdout).strip()}",
            cure="set retrain.commit to false, or correct what git says",
        )
    return done.stdout.strip()


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    own = dict(os.environ)
    for role in ("AUTHOR", "COMMITTER"):
        for part, value in IDENTITY.items():
            if not _configured(f"user.{part.lower()}"):
                own.setdefault(f"GIT_{role}_{part}", value)
    return subprocess.run(
        ["git", *NO_HOOKS, *arguments], capture_output=True, text=True, check=False, env=own
    )


def _configured(name: str) -> bool:
    words = ["git", "config", "--get", name]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
