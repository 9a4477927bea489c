"""A disk that fills up at once, for tests of what happens then."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a real disk of one MiB and 60 files at ``folder``; skip where that is not allowed."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=1m,nr_inodes=60"]
    try:
        answer = subprocess.run(
            ["mount", *options, "tmpfs", str(folder)], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if answer.returncode:
        pytest.skip(f"this user may not mount: {answer.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
