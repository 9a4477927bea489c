"""Branches that a schedule commits to.

Reads and writes git's branches and commits, in the worktree that is the working folder. Never moves
the branch that somebody has checked out, and runs none of the user's hooks.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from assay.errors import StageFailed
from assay.gateways.versioning import git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Where git was never told who commits.
IDENTITY = {"name": "Assay", "email": "assay@localhost"}


def tip_of(branch: str, commit: str) -> str:
    """Return the last commit of a branch if it goes on from ``commit``, else ``commit``."""
    tip = _tip(branch)
    return tip if tip and _is_ancestor(commit, tip) else commit


def commit_to(branch: str, paths: Sequence[Path], subject: str) -> str | None:
    """Commit ``paths`` as they lie in this worktree, and let ``branch`` name the commit.

    A branch that does not lead here is kept under another name. Returns None where nothing changed.

    Raises:
        StageFailed: what git said.

    """
    _done("add", "--all", "--", *map(str, paths))
    if git.run("diff", "--cached", "--quiet").returncode == 0:
        return None
    _done("commit", "--quiet", "--no-verify", "--message", subject, variables=_identity())
    made = _done("rev-parse", "HEAD")
    tip = _tip(branch)
    if tip and not _is_ancestor(tip, made):
        _done("branch", "--force", f"{branch}-{tip[:12]}", tip)
    _done("branch", "--force", branch, made)
    return made


def _tip(branch: str) -> str | None:
    return git.output("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")


def _is_ancestor(older: str, newer: str) -> bool:
    return git.run("merge-base", "--is-ancestor", older, newer).returncode == 0


def _identity() -> dict[str, str]:
    """Return variables that name the author and committer where git was not told."""
    unset = [part for part in IDENTITY if not git.output("config", f"user.{part}")]
    variables = {
        f"GIT_{role}_{part.upper()}": IDENTITY[part]
        for part in unset
        for role in ("AUTHOR", "COMMITTER")
    }
    return {name: value for name, value in variables.items() if name not in os.environ}


def _done(*arguments: str, variables: Mapping[str, str] | None = None) -> str:
    done = git.run(*arguments, variables=variables)
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise StageFailed(
            f"git {arguments[0]}: {said}",
            cure="set retrain.commit to false, or correct what git says",
        )
    return done.stdout.decode().strip()
