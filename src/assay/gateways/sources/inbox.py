"""The files of a folder that a user brings: which are read, and which are refused by name.

Reads folders and what kind of file each entry is, opens no file. Writes nothing. ``ingest`` and
``assay new`` find files by these rules alone, so that one takes what the other does.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import SourceRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

# What git, DVC and desktops leave in a folder: no file of a user's.
HOUSEKEEPING = (".gitkeep", ".gitignore", ".DS_Store")
POINTER = ".dvc"
SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def files(root: Path) -> list[Path]:
    """Return every file below a folder, sorted; hidden ones and DVC's pointers are left out.

    A link is what it leads to; a folder is entered once, by whichever path.

    Raises:
        SourceRefused: a link leads nowhere, to itself, or to a folder that is read already; a
            folder can't be read; something is neither file nor folder, or has no name in UTF-8.

    """
    if not root.is_dir():
        return []
    real = os.path.realpath(root)
    seen, waiting, found = {real: root}, [root], []
    while waiting:
        for path, mode in _entries(waiting.pop()):
            if stat.S_ISDIR(mode):
                _require_new(path, real, seen)
                waiting.append(path)
            elif path.suffix != POINTER:
                found.append(path)
    return sorted(found)


def hidden_alone(root: Path) -> SourceRefused | None:
    """Return the refusal of the first hidden file of a folder in which nothing else was found."""
    found = (path for path in sorted(root.rglob(".*")) if path.name not in HOUSEKEEPING)
    return next(map(_hidden, found), None)


def require_own(path: Path) -> None:
    """Refuse a file or folder of the command line that the inbox would not read.

    What is not there at all is left to whoever opens it.

    Raises:
        SourceRefused: it is hidden, neither file nor folder, or a link that leads nowhere.

    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow links
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as problem:  # a name that no file can bear
        raise _unreadable(path, problem) from problem
    if whole.name.startswith("."):
        raise _hidden(path)
    _require_plain(path, _mode(path))


def _entries(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield what a folder holds, by name, with its mode; nothing hidden."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError as problem:
        raise _unreadable(folder, problem) from problem
    for path in (folder / name for name in names if not name.startswith(".")):
        mode = _mode(path)
        _require_plain(path, mode)
        yield path, mode


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError as problem:
        raise _unreadable(path, problem) from problem


def _require_plain(path: Path, mode: int) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError as problem:
        shown = os.fsencode(path).decode(errors="replace")
        raise SourceRefused(
            f"the name of {shown} is no UTF-8",
            expected="names in UTF-8, which become the rows' ids",
            cure="rename it",
        ) from problem
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise SourceRefused(
            f"{path} is {SPECIAL.get(stat.S_IFMT(mode), 'neither a file nor a folder')}",
            expected="files and folders alone",
            cure="take it away",
        )


def _require_new(path: Path, root: str, seen: dict[str, Path]) -> None:
    """Note a folder by where it really stands; a link above the root would lead to it again."""
    real = os.path.realpath(path)
    if Path(root).is_relative_to(real):
        raise SourceRefused(
            f"{path} is a link that leads back to the folder it stands in",
            expected="links to other folders",
            cure="take the link away",
        )
    if first := seen.get(real):
        raise SourceRefused(
            f"{path} and {first} are one folder, {real}",
            expected="each folder once: its images would be read twice",
            cure="take one of the links away",
        )
    seen[real] = path


def _unreadable(path: Path, problem: Exception) -> SourceRefused:
    number = getattr(problem, "errno", None)
    if number == errno.ELOOP:
        found = f"{path} is a link that leads back to itself"
    elif number == errno.ENOENT and path.is_symlink():
        found = f"{path} is a link to {path.readlink()}, which is not there"
    else:
        found = f"{path} cannot be read: {getattr(problem, 'strerror', None) or problem}"
    return SourceRefused(
        found,
        expected="files and folders that you may read",
        cure="mend the link or the permissions, or take it away",
    )


def _hidden(path: Path) -> SourceRefused:
    return SourceRefused(
        f"{path} is hidden: its name begins with a full stop, and hidden files are never read",
        expected="a file or folder that is not hidden",
        cure="rename it",
    )
