"""A release is rebuilt in a clean worktree, by the real command."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.release.project import MODEL, Released

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_release_is_verified_in_a_clean_worktree_and_the_ledger_says_so(
    first: Released, fresh: Callable[[Released], Released]
) -> None:
    project = fresh(first)
    # What lies in the folder now has nothing to do with it.
    (project.folder / "params.yaml").write_text("models: {}\n# being edited\n")
    assert "there is no model" in project.refused("verify", MODEL, "--quick", code=2)
    assert project.call("git", "checkout", "params.yaml").returncode == 0
    shutil.rmtree(project.folder / "models")
    answer = project.answer("verify", MODEL, "--quick")
    assert (answer["version"], answer["result"], answer["exit_code"]) == (1, "equal_so_far", 0)
    assert answer["step"] > 0
    assert "proves that the code of the recorded commit" in answer["proves"]
    event = project.lines()[-1]["event"]
    assert (event["kind"], event["result"], event["quick"]) == (
        "verification",
        "equal_so_far",
        True,
    )
    assert project.call("git", "worktree", "list").stdout.count("\n") == 1


def test_what_cannot_be_verified_is_said(first: Released) -> None:
    words = ("verify", MODEL, "--version", "1", "--rev", "HEAD")
    assert "both --version and --rev" in first.refused(*words, code=2)
    assert "no release 9" in first.refused("verify", MODEL, "--version", "9", code=2)
    assert "git knows no commit" in first.refused("verify", MODEL, "--rev", "nowhere", code=2)
