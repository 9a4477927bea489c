"""What a rebuild starts from, out of a real DVC's cache."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import InputRefused
from assay.gateways.versioning.lockfile import md5_of
from assay.release.inputs import object_of, restore_inbox, take

INBOX = Path("data/inbox/m")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a folder of an inbox that DVC's cache holds, and that are no longer here."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "--quiet"], check=True)
    (INBOX / "cats/deep").mkdir(parents=True)
    (INBOX / "rows.csv").write_text("a,b\n")
    (INBOX / "cats/1.png").write_bytes(b"one")
    (INBOX / "cats/deep/2.png").write_bytes(b"two")
    Path("entries.json").write_text(json.dumps(_entries()))
    added = [sys.executable, "-m", "dvc", "add", "--quiet", *_entries()]
    subprocess.run(added, check=True)
    shutil.rmtree(INBOX)


def _entries() -> dict[str, str]:
    return {f"{INBOX}/{name}": md5_of(INBOX / name) for name in ("rows.csv", "cats")}


def recorded() -> dict[str, str]:
    found: dict[str, str] = json.loads(Path("entries.json").read_text())
    return found


def test_files_and_folders_come_back_byte_for_byte(tmp_path: Path) -> None:
    restore_inbox("m", recorded(), tmp_path / "tree")
    there = tmp_path / "tree" / INBOX
    assert (there / "rows.csv").read_text() == "a,b\n"
    assert (there / "cats/1.png").read_bytes() == b"one"
    assert (there / "cats/deep/2.png").read_bytes() == b"two"
    assert not INBOX.exists()


@pytest.mark.parametrize("path", [f"{INBOX}/rows.csv", f"{INBOX}/cats"])
def test_what_no_cache_holds_is_refused_by_name(tmp_path: Path, path: str) -> None:
    digest = recorded()[path]
    stored = Path(".dvc/cache/files/md5") / digest[:2] / digest[2:]
    stored.unlink()
    with pytest.raises(InputRefused, match="neither DVC's cache nor a remote") as refused:
        take(path, recorded(), tmp_path / "tree")
    assert digest in refused.value.found


def test_altered_bytes_in_the_cache_are_not_taken(tmp_path: Path) -> None:
    path = f"{INBOX}/rows.csv"
    digest = recorded()[path]
    stored = Path(".dvc/cache/files/md5") / digest[:2] / digest[2:]
    stored.chmod(0o644)
    stored.write_text("a,c\n")
    with pytest.raises(InputRefused, match="neither"):
        take(path, recorded(), tmp_path / "tree")
    assert not (tmp_path / "tree" / path).exists()


@pytest.mark.parametrize(
    "path", ["data/inbox/other/rows.csv", f"{INBOX}/../../../x", "/etc/passwd", "src/assay/x.py"]
)
def test_nothing_is_written_outside_the_inbox(tmp_path: Path, path: str) -> None:
    entries = {path: next(iter(recorded().values()))}
    with pytest.raises(InputRefused, match="as part of the inbox"):
        restore_inbox("m", entries, tmp_path / "tree")


def test_what_is_not_recorded_is_refused() -> None:
    with pytest.raises(InputRefused, match="records no reports/m/metrics"):
        object_of("reports/m/metrics.json", recorded())
