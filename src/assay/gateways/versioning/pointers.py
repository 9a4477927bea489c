"""Which version DVC holds of each entry of an inbox: what its pointers (``NAME.dvc``) say.

Reads ``data/inbox/<model>/``, pointers and entries, and asks git which entries it holds itself.
Writes nothing, starts no DVC, and trusts no size and no time stamp: entries are hashed.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.errors import SettingsError
from assay.gateways.versioning import git, worktree
from assay.gateways.versioning.lockfile import md5_of
from assay.paths import ModelPaths
from assay.settings import reading

POINTER = ".dvc"


@dataclass(frozen=True)
class Pointer:
    """A pointer, the entry beside it, and the MD5 of the version (``.dir`` of folders)."""

    file: Path
    entry: Path
    digest: str

    def holds(self) -> bool:
        """Return whether the entry is there with the very bytes that the pointer names."""
        return self.entry.exists() and md5_of(self.entry) == self.digest


def pointers(model: str) -> list[Pointer]:
    """Return the pointers of a model's inbox, by name; one that names no version is left out.

    Raises:
        SettingsError: a pointer is torn, as by a merge that git could not make.

    """
    files = (path for path in visible(model) if path.suffix == POINTER and path.is_file())
    return [pointer for file in files for pointer in _read(file, file.read_bytes())]


def entries(model: str) -> dict[str, str]:
    """Return the MD5 of each version that the inbox is made of, by the entry's path.

    These are a model's own raw data, e.g. ``{"data/inbox/opinions/may.csv": "0cc1..."}``. What git
    holds itself is not among them: its version is the commit.

    Raises:
        SettingsError: a pointer is torn.

    """
    return {pointer.entry.as_posix(): pointer.digest for pointer in pointers(model)}


def entries_at(commit: str, model: str) -> dict[str, str]:
    """Return the same of a commit: the MD5 of each version that the inbox was made of then.

    Raises:
        UsageError: git knows no such commit.
        SettingsError: a pointer is torn.

    """
    names = worktree.names_at(commit, ModelPaths(model).inbox)
    found = {file: worktree.at(commit, file) for file in names if file.suffix == POINTER}
    pointers_then = [one for file, text in found.items() if text for one in _read(file, text)]
    return {pointer.entry.as_posix(): pointer.digest for pointer in pointers_then}


def untracked(model: str) -> list[str]:
    """Return the entries that could not be brought back: of which no version is held as they are.

    They have no pointer, or are not what it names, and git does not hold them either.

    Raises:
        SettingsError: a pointer is torn.

    """
    known = {pointer.entry: pointer for pointer in pointers(model)}
    found = [path for path in present(model) if path not in known or not known[path].holds()]
    own = in_git(model) if any(path not in known for path in found) else frozenset()
    return [path.as_posix() for path in found if path not in own]


def present(model: str) -> list[Path]:
    """Return what a user put into the inbox: files and folders, no pointers, nothing hidden."""
    return [path for path in visible(model) if path.suffix != POINTER]


def in_git(model: str) -> frozenset[Path]:
    """Return the entries that git holds, whole or in part; none outside git."""
    inbox = ModelPaths(model).inbox
    listed = git.output("ls-files", "-z", "--", inbox.as_posix()) or ""
    names = (Path(name) for name in listed.split("\0") if name)
    return frozenset(inbox / name.relative_to(inbox).parts[0] for name in names)


def visible(model: str) -> list[Path]:
    """Return what an inbox holds, pointers too, nothing hidden; by name."""
    inbox = ModelPaths(model).inbox
    # Without a name this would be the folder of every model's inbox.
    if not model or not inbox.is_dir():
        return []
    return sorted(path for path in inbox.iterdir() if not path.name.startswith("."))


@functools.lru_cache(maxsize=10_000)
def _read(file: Path, text: bytes) -> tuple[Pointer, ...]:
    """Parse bytes once: one command looks at every pointer several times, and YAML is slow."""
    content = reading.mapping(file, text)
    outs = content.get("outs")
    if not isinstance(outs, list) or not all(_names_a_path(out) for out in outs):
        raise SettingsError(
            f"{file} is no pointer of DVC's",
            expected="`outs`, and under it the MD5 and path of a file or folder",
            cure=f"take the last good one (git checkout {file}), or remove it: the entry beside "
            "it is then versioned anew",
        )
    base = file.parent / str(content.get("wdir", "."))
    found = ((Path(os.path.normpath(base / out["path"])), out.get("md5")) for out in outs)
    return tuple(Pointer(file, path, str(digest)) for path, digest in found if digest)


def _names_a_path(out: Any) -> bool:
    return isinstance(out, dict) and isinstance(out.get("path"), str)
