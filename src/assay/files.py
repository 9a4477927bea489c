"""Write a file or folder whole or not at all, and digest it.

Writes what it is told to, beside the target first; reads what it digests. Knows no path of a
project: those are in ``paths``.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from assay.errors import OLD_VERSIONS, OutOfSpace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Bytes of a file's name, on nearly every disk.
LONGEST_NAME = 255


def sha256(path: Path) -> str:
    """Digest a file, or a folder by its files' sorted relative paths and digests."""
    if path.is_dir():
        inner = (file for file in path.rglob("*") if file.is_file())
        return sha256_of_folder({file.relative_to(path).as_posix(): sha256(file) for file in inner})
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_folder(files: Mapping[str, str]) -> str:
    """Return the digest of a folder, of the relative path and the SHA-256 of each file in it."""
    # In the order of paths, which compare part by part: "a/b" is before "a.b".
    names = sorted(files, key=PurePosixPath)
    lines = "".join(f"{name} {files[name]}\n" for name in names)
    return hashlib.sha256(lines.encode()).hexdigest()


def digest_of(*parts: str) -> str:
    """Return one SHA-256 for several strings."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a path beside ``target``; rename it into place when the block ends well.

    The block writes a file or makes a folder there. Killed at any moment, a file is either what it
    was or the whole new one; a folder too, but for the instant between two renames, when the old
    one stands beside it. A leftover of a killed run is removed first.

    Raises:
        OutOfSpace: the disk filled up; nothing half-written stays, ``target`` is what it was.

    """
    beside = _beside(target, "partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        remove(beside)
        yield beside
        _rename(beside, target)
    except BaseException as problem:
        remove(beside)
        if _is_full(problem):
            raise _out_of_space(target) from problem
        raise


def write_text(target: Path, text: str) -> None:
    """Write a text file atomically, UTF-8 with newlines as given."""
    with replacing(target) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_secret(target: Path, text: str) -> None:
    """Write a text file atomically that nobody but its owner can read, at any moment."""
    with replacing(target) as beside:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)


def write_json(target: Path, content: Any) -> None:
    """Write JSON that is equal for equal content: sorted keys, no NaN, a final newline."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(target, text + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def _beside(target: Path, ending: str) -> Path:
    """Return a hidden name in the same folder; of a name with no room for the ending, a digest."""
    name = f".{target.name}.{ending}"
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f".{digest_of(target.name)}.{ending}"
    return target.with_name(name)


def _rename(beside: Path, target: Path) -> None:
    """Put ``beside`` in the place of ``target``; a folder can't be renamed onto what is there."""
    if not (beside.is_dir() or target.is_dir()):
        beside.replace(target)
        return
    old = _beside(target, "old")
    remove(old)
    if target.is_symlink() or target.exists():
        target.rename(old)
    beside.rename(target)
    remove(old)


def _is_full(problem: BaseException) -> bool:
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    # Some libraries wrap the system's error into one of their own.
    return "No space left on device" in str(problem)


def _out_of_space(target: Path) -> OutOfSpace:
    existing = next(parent for parent in target.absolute().parents if parent.exists())
    free = shutil.disk_usage(existing).free / 2**20
    return OutOfSpace(
        f"the disk is full: {os.fspath(target)} could not be written ({free:.0f} MiB are free)",
        expected="room for the data, a checkpoint of three times the model's size, and the bundle",
        cure=f"free some space ({OLD_VERSIONS}), then run the same command again: finished stages "
        "are kept",
    )
