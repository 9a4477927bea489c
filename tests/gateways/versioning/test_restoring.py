from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from assay.errors import InputRefused
from assay.gateways import versioning
from assay.gateways.versioning.lockfile import md5_of
from tests.gateways.versioning.made import commit_all
from tests.gateways.versioning.test_inbox import HEAD, INBOX, MORE, ROWS, contents, dvc, git, run

WEEK = INBOX / "a week"


@pytest.fixture
def old(project: Path) -> dict[str, str]:
    """Build on a file and a folder; then change, drop and add, and commit; return what was."""
    (WEEK / "monday").mkdir(parents=True)
    (WEEK / "monday/rows.csv").write_text(HEAD + "dull,bad\n")
    run()
    entries = versioning.inbox_entries("tiny")
    shutil.copytree(INBOX, project / "was")
    ROWS.write_text(HEAD + "other,bad\n")
    MORE.write_text(HEAD + "nice,good\n")
    shutil.rmtree(WEEK)
    Path(f"{WEEK}.dvc").unlink()
    run()
    subprocess.run(["git", "reset", "--quiet"], check=True)
    Path(".gitignore").write_text(".assay/\n/was\n")
    commit_all()
    return entries


def test_an_inbox_becomes_what_it_was_in_a_clean_worktree(
    project: Path, old: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("worktree", "add", "--quiet", str(tmp_path / "clean"))
    monkeypatch.chdir(tmp_path / "clean")
    dvc("cache", "dir", "--local", str(project / ".dvc/cache"))
    assert contents() == {}
    versioning.restore_inbox("tiny", old)

    assert versioning.inbox_entries("tiny") == old
    assert versioning.inbox_untracked("tiny") == []
    for name in ("rows.csv", "rows.csv.dvc", "a week/monday/rows.csv", "a week.dvc"):
        assert (INBOX / name).read_bytes() == (project / "was" / name).read_bytes(), name
    assert not MORE.exists()
    assert not Path(f"{MORE}.dvc").exists()
    assert dvc("status", f"{ROWS}.dvc", f"{WEEK}.dvc").strip() == (
        "Data and pipelines are up to date."
    )
    versioning.restore_inbox("tiny", old)  # and once more, where nothing is left to do
    assert "Running stage 'ingest@tiny':" in run()
    assert md5_of(ROWS) == old[ROWS.as_posix()]


def test_files_of_a_users_own_are_not_overwritten(old: dict[str, str]) -> None:
    before = {path: path.read_bytes() for path in INBOX.rglob("*") if path.is_file()}
    with pytest.raises(InputRefused, match=r"more\.csv lies in the inbox") as refused:
        versioning.restore_inbox("tiny", old)
    assert "git worktree add" in refused.value.cure
    assert {path: path.read_bytes() for path in INBOX.rglob("*") if path.is_file()} == before


def test_a_version_that_nobody_has_is_refused(old: dict[str, str]) -> None:
    for path in (ROWS, MORE):
        path.unlink()
    digest = old[ROWS.as_posix()]
    os.unlink(Path(".dvc/cache/files/md5") / digest[:2] / digest[2:])  # noqa: PTH108
    with pytest.raises(InputRefused, match=digest):
        versioning.restore_inbox("tiny", old)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("data/inbox/tiny/../../../train.py", "0" * 32),
        ("data/inbox/tiny-two/rows.csv", "0" * 32),
        ("data/inbox/tiny/sub/rows.csv", "0" * 32),
        ("data/inbox/tiny/.gitkeep", "0" * 32),
        ("data/inbox/tiny/rows.csv", "../" + "0" * 29),
    ],
)
def test_what_is_no_entry_of_the_inbox_is_refused(project: Path, name: str, digest: str) -> None:
    with pytest.raises(InputRefused, match="is no entry of"):
        versioning.restore_inbox("tiny", {name: digest})
    assert list(versioning.inbox_entries("tiny")) == []
