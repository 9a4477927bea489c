"""Environments of programs that Assay is compared with, each apart from its own.

Writes them below the user's cache, installed once from the package index. Reads nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from assay.paths import user_cache
from assay.progress import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def python_with(name: str, packages: Sequence[str]) -> Path | None:
    """Return the Python of a program's environment; None where it can't be installed."""
    folder = user_cache() / "bench" / name.lower()
    python = folder / "bin/python"
    if (folder / "ready").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    say(f"bench: installing {name} (once)")
    quiet = ("--quiet", "--no-input", "--disable-pip-version-check")
    for words in (
        (sys.executable, "-m", "venv", str(folder)),
        (str(python), "-m", "pip", "install", *quiet, *packages),
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            say(f"bench: {name} can't be installed here: {done.stderr.strip()[-200:]}")
            return None
    (folder / "ready").touch()
    return python
