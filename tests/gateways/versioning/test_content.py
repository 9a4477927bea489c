"""Bytes that rot: size and time stamp stay, so that DVC by itself notices nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assay.gateways import versioning

if TYPE_CHECKING:
    from collections.abc import Callable

RAW = Path("data/raw/tiny.parquet")
WEIGHTS = Path("models/tiny/sub/weights")


def rot(path: Path) -> None:
    """Flip one bit in the middle of a file, which keeps its size, time stamp and permissions."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(before.st_mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def cached(path: Path, entry: str | None = None) -> Path:
    """Return DVC's object of an output; of a folder that of one of its files, or of its list."""
    digest = versioning.lock_entries("tiny")[path.as_posix()]
    objects = Path(".dvc/cache/files/md5")
    if entry:
        listed = json.loads((objects / digest[:2] / digest[2:]).read_text())
        digest = {one["relpath"]: one["md5"] for one in listed}[entry]
    return objects / digest[:2] / digest[2:]


def run() -> list[str]:
    lines: list[str] = []
    versioning.reproduce("train@tiny", on_line=lines.append)
    return lines


@pytest.fixture
def built(project: Path) -> dict[str, str]:
    """Build once, and look once more, so that DVC knows every size and time stamp."""
    run()
    run()
    return versioning.lock_entries("tiny")


def is_whole(built: dict[str, str]) -> bool:
    return versioning.lock_entries("tiny") == built and versioning.verify_outputs("tiny") == []


@pytest.mark.parametrize("path", [RAW, WEIGHTS])
def test_a_rotten_output_is_named_and_restored_without_a_stage(
    built: dict[str, str], path: Path
) -> None:
    rot(path)
    lines = run()

    assert [line for line in lines if "is not what dvc.lock records" in line]
    assert not any(line.startswith("Running stage") for line in lines)
    assert is_whole(built)


@pytest.mark.parametrize("place", ["a file", "a file of a folder", "the list of a folder's files"])
def test_a_rotten_object_of_the_cache_is_replaced_by_the_sound_output(
    built: dict[str, str], place: str
) -> None:
    bad = {
        "a file": lambda: cached(RAW),
        "a file of a folder": lambda: cached(WEIGHTS.parent.parent, "b"),
        "the list of a folder's files": lambda: cached(WEIGHTS.parent.parent),
    }[place]()
    sound = bad.read_bytes()
    rot(bad)
    lines = run()

    assert any("replaced by the workspace's" in line for line in lines)
    assert not any(line.startswith("Running stage") for line in lines)
    assert bad.read_bytes() == sound
    assert is_whole(built)


def test_what_rotted_in_both_places_is_made_again(built: dict[str, str]) -> None:
    rot(cached(RAW))
    RAW.unlink()
    lines = run()

    assert any("its stage makes it again" in line for line in lines)
    assert "Running stage 'ingest@tiny':" in lines
    assert is_whole(built)


@pytest.mark.parametrize("folder", ["data/raw/tiny.parquet", "models/tiny"])
def test_what_rotted_in_both_places_comes_from_the_remote(
    built: dict[str, str], tmp_path: Path, folder: str
) -> None:
    dvc = (sys.executable, "-m", "dvc")
    subprocess.run([*dvc, "remote", "add", "-q", "-d", "far", str(tmp_path / "far")], check=True)
    subprocess.run([*dvc, "push", "-q"], check=True)
    path = Path(folder)
    rot(cached(path) if path.suffix else cached(path, "b"))
    shutil.rmtree("models/tiny") if path.is_dir() else path.unlink()
    lines = run()

    assert any("fetched again from the remote" in line for line in lines), lines
    assert not any(line.startswith("Running stage") for line in lines)
    assert is_whole(built)


def test_a_rotten_object_of_the_remote_is_not_taken(built: dict[str, str], tmp_path: Path) -> None:
    far = tmp_path / "far"
    subprocess.run(
        [sys.executable, "-m", "dvc", "remote", "add", "-d", "far", str(far)], check=True
    )
    subprocess.run([sys.executable, "-m", "dvc", "push", "-q"], check=True)
    rot(far / cached(RAW).relative_to(".dvc/cache"))
    rot(cached(RAW))
    RAW.unlink()
    lines = run()

    assert "Running stage 'ingest@tiny':" in lines
    assert is_whole(built)


def test_a_remote_that_cannot_be_reached_stops_nothing(
    built: dict[str, str], tmp_path: Path
) -> None:
    far = str(tmp_path / "nowhere")
    subprocess.run([sys.executable, "-m", "dvc", "remote", "add", "-d", "far", far], check=True)
    rot(cached(RAW))
    RAW.unlink()
    run()
    assert is_whole(built)


def test_a_rotten_input_is_learned_from_as_what_it_is_now(
    built: dict[str, str], rows: Callable[[], list[str]]
) -> None:
    file = Path("data/inbox/tiny/rows.csv")
    before = file.stat()
    file.write_bytes(file.read_bytes().replace(b"fine", b"fire"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    lines = run()

    assert "Running stage 'ingest@tiny':" in lines
    assert rows() == ["fire", "poor"]
    assert versioning.verify_outputs("tiny") == []


@pytest.fixture
def rows() -> Callable[[], list[str]]:
    import pandas as pd

    return lambda: pd.read_parquet(RAW)["text"].tolist()
