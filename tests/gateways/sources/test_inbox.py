from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from assay.errors import SourceRefused
from assay.gateways.sources import inbox


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def found(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in inbox.files(root)]


def refusal(root: Path) -> str:
    with pytest.raises(SourceRefused) as refused:
        inbox.files(root)
    assert refused.value.expected
    assert refused.value.cure
    return refused.value.found


def test_every_file_is_found_but_hidden_ones_and_pointers(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", "a/c.png", ".hidden.csv", ".folder/d.csv", "a/.DS_Store", "b.csv.dvc")
    assert found(tmp_path) == ["a/c.png", "b.csv"]
    assert inbox.files(tmp_path / "nowhere") == []


def test_links_to_folders_and_files_are_followed(tmp_path: Path) -> None:
    put(tmp_path / "large", "cats/1.png", "cats/deep/2.png", "dog.png")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/cat").symlink_to(tmp_path / "large/cats")
    (tmp_path / "inbox/dog.png").symlink_to(tmp_path / "large/dog.png")
    assert found(tmp_path / "inbox") == ["cat/1.png", "cat/deep/2.png", "dog.png"]


def test_a_link_to_the_root_itself_may_be_given(tmp_path: Path) -> None:
    put(tmp_path / "large", "cat/1.png")
    (tmp_path / "inbox").symlink_to("large")
    assert found(tmp_path / "inbox") == ["cat/1.png"]


@pytest.mark.parametrize("leads_to", [".", "..", "../..", "/"])
def test_a_link_back_up_is_refused_at_once(tmp_path: Path, leads_to: str) -> None:
    put(tmp_path / "inbox", "cat/1.png")
    (tmp_path / "inbox/cat/again").symlink_to(leads_to)
    why = refusal(tmp_path / "inbox")
    assert str(tmp_path / "inbox/cat/again") in why


def test_a_loop_between_folders_outside_is_found(tmp_path: Path) -> None:
    put(tmp_path, "one/1.png", "two/2.png")
    (tmp_path / "one/next").symlink_to(tmp_path / "two")
    (tmp_path / "two/next").symlink_to(tmp_path / "one")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox/cat").symlink_to(tmp_path / "one")
    assert f"inbox/cat/next/next and {tmp_path}/inbox/cat are one folder" in refusal(
        tmp_path / "inbox"
    )


def test_a_folder_under_two_names_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.png")
    (tmp_path / "feline").symlink_to("cat")
    assert f"{tmp_path}/feline and {tmp_path}/cat are one folder" in refusal(tmp_path)


def test_a_link_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("a.png")
    assert refusal(tmp_path) == f"{tmp_path}/a.png is a link that leads back to itself"


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("gone.png")
    assert refusal(tmp_path) == f"{tmp_path}/a.png is a link to gone.png, which is not there"


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert refusal(tmp_path) == f"{tmp_path}/a.png is a named pipe"
    (tmp_path / "a.png").unlink()
    (tmp_path / "a.png").symlink_to("/dev/zero")
    assert refusal(tmp_path) == f"{tmp_path}/a.png is a device"
    (tmp_path / "a.png").unlink()
    with socket.socket(socket.AF_UNIX) as end, pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)  # a socket's path must be short
        end.bind("a.png")
        assert refusal(tmp_path) == f"{tmp_path}/a.png is a socket"


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/sch\xf6n.png"))).touch()
    assert "sch�n.png is no UTF-8" in refusal(tmp_path)


CLOSED = """
import os, sys
from pathlib import Path
from assay.errors import SourceRefused
from assay.gateways.sources import inbox
if os.geteuid() == 0:
    os.setuid(65534)
try:
    inbox.files(Path(sys.argv[1]))
except SourceRefused as refused:
    print(refused.found)
"""


def test_a_folder_that_may_not_be_read_is_named() -> None:
    # Not below pytest's own folder, which another user may not enter.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        put(folder, "closed/1.png")
        (folder / "closed").chmod(0)
        command = [sys.executable, "-c", CLOSED, str(folder)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        (folder / "closed").chmod(0o755)
    assert answer.stdout == f"{folder}/closed cannot be read: Permission denied\n", answer.stderr


@pytest.mark.parametrize("name", [".rows.csv", ".photos/"])
def test_a_hidden_file_is_no_file_of_ones_own(tmp_path: Path, name: str) -> None:
    put(tmp_path, name + "a.png" if name.endswith("/") else name)
    with pytest.raises(SourceRefused, match="is hidden"):
        inbox.require_own(tmp_path / name)
    alone = inbox.hidden_alone(tmp_path)
    assert alone is not None
    assert alone.found.startswith(f"{tmp_path}/{name.rstrip('/')} is hidden")


def test_housekeeping_is_no_hidden_data(tmp_path: Path) -> None:
    put(tmp_path, *inbox.HOUSEKEEPING)
    assert inbox.hidden_alone(tmp_path) is None


def test_what_is_not_there_is_left_to_whoever_opens_it(tmp_path: Path) -> None:
    inbox.require_own(tmp_path / "nowhere.csv")
    with pytest.raises(SourceRefused, match="File name too long"):
        inbox.require_own(tmp_path / ("a" * 300))
