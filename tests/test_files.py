from __future__ import annotations

import errno
import hashlib
import shutil
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from assay.errors import OutOfSpace
from assay.files import (
    digest_of,
    read_json,
    remove,
    replacing,
    sha256,
    sha256_of_folder,
    write_json,
    write_secret,
    write_text,
)
from tests import disks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small_disk(tmp_path / "disk") as folder:
        yield folder


def _only(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "new folder/report.txt"
    write_text(target, "one\n")
    with replacing(target) as beside:
        beside.write_text("two\n")
        assert target.read_text() == "one\n"
    assert target.read_text() == "two\n"
    assert _only(target.parent) == ["report.txt"]


def test_a_reader_never_finds_a_file_gone_or_half_written(tmp_path: Path) -> None:
    target, found, done = tmp_path / "report.txt", set(), threading.Event()
    write_text(target, "0" * 5000)

    def read() -> None:
        while not done.is_set():
            try:
                found.add(target.read_text())
            except FileNotFoundError:
                found.add("gone")

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(400):
        write_text(target, str(number % 10) * 5000)
    done.set()
    reader.join()
    assert found <= {str(digit) * 5000 for digit in range(10)}


@pytest.mark.parametrize("problem", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_a_failure_leaves_the_old_file(tmp_path: Path, problem: BaseException) -> None:
    target = tmp_path / "report.txt"
    target.write_text("one")
    with pytest.raises(type(problem)), replacing(target) as beside:
        beside.write_text("half")
        raise problem
    assert target.read_text() == "one"
    assert _only(tmp_path) == ["report.txt"]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    for name in ("old", "new"):
        with replacing(target) as beside:
            beside.mkdir()
            (beside / name).touch()
    assert _only(target) == ["new"]
    assert _only(tmp_path) == ["bundle"]


def test_a_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(RuntimeError), replacing(target) as beside:
        beside.mkdir()
        (beside / "new").touch()
        raise RuntimeError
    assert _only(target) == ["old"]
    assert _only(tmp_path) == ["bundle"]


def test_a_folder_takes_the_place_of_a_file_and_of_a_link(tmp_path: Path) -> None:
    cached = tmp_path / "cached"
    cached.mkdir()
    (cached / "kept").touch()
    (tmp_path / "link").symlink_to(cached)
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with replacing(tmp_path / name) as beside:
            beside.mkdir()
            (beside / "new").touch()
        assert _only(tmp_path / name) == ["new"]
    assert _only(cached) == ["kept"], "what a link led to is not ours to remove"
    assert _only(tmp_path) == ["cached", "file", "link"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_killed_in_the_middle_the_old_stays_and_the_next_run_cleans_up(
    tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "output"
    script = (
        "import os, pathlib, signal, sys\n"
        "from assay.files import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as beside:\n"
        "    if sys.argv[2] == 'folder':\n"
        "        beside.mkdir()\n"
        "        beside = beside / 'part'\n"
        "    beside.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    target.write_text("one")
    killed = subprocess.run([sys.executable, "-c", script, str(target), kind], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert target.read_text() == "one"
    assert len(_only(tmp_path)) == 2, "the half-written one lies beside it"
    write_text(target, "two")
    assert target.read_text() == "two"
    assert _only(tmp_path) == ["output"]


def test_a_full_disk_is_said_and_nothing_half_written_stays(disk: Path) -> None:
    target = disk / "table.bin"
    target.write_bytes(b"old")
    with pytest.raises(OutOfSpace) as refused, replacing(target) as beside:
        beside.write_bytes(bytes(2**22))
    assert target.read_bytes() == b"old"
    assert _only(disk) == ["table.bin"]
    assert "the disk is full" in refused.value.found
    assert "dvc gc" in refused.value.cure


def test_a_full_disk_is_known_by_the_words_of_other_libraries_too(disk: Path) -> None:
    import torch
    from safetensors.torch import save_file

    with pytest.raises(OutOfSpace), replacing(disk / "weights") as beside:
        save_file({"weights": torch.zeros(2**20)}, beside)
    assert _only(disk) == []


def test_a_folder_that_no_longer_fits_is_said_too(disk: Path) -> None:
    with pytest.raises(OutOfSpace):
        for number in range(100):
            write_text(disk / f"{number}" / "report.txt", "x")


def test_the_refusal_says_how_much_is_free_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=700 * 2**20)
    monkeypatch.setattr("assay.files.shutil.disk_usage", lambda _: usage)
    target = tmp_path / "not yet there" / "report.txt"
    with pytest.raises(OutOfSpace) as refused, replacing(target):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")
    assert refused.value.found == (
        f"the disk is full: {target} could not be written (700 MiB are free)"
    )
    assert refused.value.expected == (
        "room for the data, a checkpoint of three times the model's size, and the bundle"
    )
    assert refused.value.cure == (
        "free some space (the flow prune removes old versions that no release needs, `dvc gc "
        "--workspace` all of them), then run the same command again: finished stages are kept"
    )


def test_another_fault_of_the_system_is_not_called_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), replacing(tmp_path / "file"):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_another_fault_stays_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError), replacing(tmp_path / "file" / "x"):
        pass


def test_json_is_equal_for_equal_content(tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    write_json(one, {"b": 1, "a": "日本"})
    write_json(two, {"a": "日本", "b": 1})
    assert one.read_bytes() == two.read_bytes() == '{\n  "a": "日本",\n  "b": 1\n}\n'.encode()
    assert read_json(one) == {"a": "日本", "b": 1}
    with pytest.raises(ValueError, match="JSON"):
        write_json(one, {"a": float("nan")})
    assert read_json(one) == {"a": "日本", "b": 1}


def test_a_folders_digest_tells_names_and_bytes(tmp_path: Path) -> None:
    def digest(**files: str) -> str:
        folder = tmp_path / "folder"
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        return sha256(folder)

    first = digest(a="1", b="2")
    assert first == digest(b="2", a="1")
    assert len({first, digest(a="2", b="1"), digest(a="1", c="2"), digest(a="1")}) == 4


def test_parts_of_a_digest_do_not_run_into_each_other() -> None:
    assert digest_of("ab", "c") != digest_of("a", "bc")
    assert digest_of("ab", "c") == hashlib.sha256(b"ab\x1fc").hexdigest(), "digests are on record"


def test_removing_what_is_not_there_is_fine(tmp_path: Path) -> None:
    remove(tmp_path / "nothing")
    (tmp_path / "folder").mkdir()
    remove(tmp_path / "folder")
    assert _only(tmp_path) == []


def test_a_name_as_long_as_can_be_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / ("\u00e4" * 127)
    for text in ("one", "two"):
        write_text(target, text)
    assert target.read_text() == "two"
    folder = tmp_path / ("f" * 255)
    for _ in range(2):
        with replacing(folder) as beside:
            beside.mkdir()
    assert _only(tmp_path) == sorted([target.name, folder.name])


def test_a_folders_digest_is_that_of_its_files_in_any_order(tmp_path: Path) -> None:
    for name in ("a/b", "a.b", "a-b", "c"):
        write_text(tmp_path / "folder" / name, name)
    files = {name: sha256(tmp_path / "folder" / name) for name in ("c", "a.b", "a/b", "a-b")}
    assert sha256_of_folder(files) == sha256(tmp_path / "folder")
    assert sha256_of_folder(files | {"c": files["a-b"]}) != sha256(tmp_path / "folder")


def test_nobody_but_its_owner_can_read_a_secret(tmp_path: Path) -> None:
    target = tmp_path / "secret"
    for text in ("one\n", "two\n"):
        write_secret(target, text)
        assert target.read_text() == text
        assert target.stat().st_mode & 0o777 == 0o600
