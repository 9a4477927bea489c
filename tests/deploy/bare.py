"""A command in the bare environment, started as a container starts it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Of the image, in deploy/Dockerfile.
USER = 10001


@dataclass(frozen=True)
class Bare:
    """An environment; ``locked`` is the one below it, without the project itself."""

    folder: Path
    locked: Path

    def run(self, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self._command(words),
            cwd=folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, folder: Path, *words: str) -> subprocess.Popen[str]:
        """Start a command; both of its outputs go to a file ``output`` beside the folder."""
        with folder.with_name("output").open("w") as output:
            return subprocess.Popen(
                self._command(words),
                cwd=folder,
                env=self._environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def _command(self, words: Sequence[str]) -> list[str]:
        """Return the words, for a user without rights where this one may become another."""
        found = shutil.which(words[0], path=self.folder / "bin")
        assert found, f"{words[0]} is not in the environment"
        return [*self.become, found, *words[1:]]

    @cached_property
    def become(self) -> tuple[str, ...]:
        """The words that make a command another user's; none where that user reaches no Python."""
        who = (f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs")
        trial = ("setpriv", *who, str(self.folder / "bin/python"), "-c", "")
        if os.getuid() or not shutil.which("setpriv"):
            return ()
        tried = subprocess.run(trial, cwd="/", capture_output=True, check=False)
        return ("setpriv", *who) if tried.returncode == 0 else ()

    def _environment(self) -> dict[str, str]:
        """Return what an image sets, and nothing of whoever runs the tests."""
        return {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.defpath}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "HOME": "/nonexistent",
        }
