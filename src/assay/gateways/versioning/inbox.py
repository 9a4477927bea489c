"""What lies in ``data/inbox/<model>/`` is versioned: old rows come back with the old commit.

Reads the inbox and git's list of files. Writes pointers (``NAME.dvc``, through ``dvc add``), and
entries that are missing, out of DVC's cache or remote. Git gets the pointers alone: no row of a
user's ever reaches it from here, and nothing is committed.

``assay run`` and the flow do this before DVC looks at the inbox. ``dvc repro`` by hand does not: it
learns from what lies there, and enters a new version of an entry that has a pointer; an entry that
has none stays without, until the next ``assay run`` or ``dvc add``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import InputRefused, SourceRefused
from assay.files import LONGEST_NAME
from assay.gateways.versioning import kept
from assay.gateways.versioning.pointers import POINTER, pointers, untracked, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from assay.errors import AssayError
    from assay.gateways.versioning.pointers import Pointer

    # Runs DVC to its end under the project's lock; returns why it failed, or None.
    Dvc = Callable[[list[str]], AssayError | None]

# Entries in one command line: the system bounds its length.
BATCH = 1000
# How many names a line of output shows.
SHOWN = 3


def synchronize(model: str, dvc: Dvc, tell: Callable[[str], None]) -> None:
    """Have a version of every entry of a model's inbox, and every entry that has a version.

    New and changed entries are put under DVC's care, in one process. Those whose pointer is there
    while they are not are checked out from the cache, or fetched from the remote. ``tell`` hears
    what was done. Where nothing is to be done, the inbox is hashed and no DVC is started. The
    caller holds the project's lock.

    Raises:
        InputRefused: an entry is missing, and so is its version.
        SourceRefused: an entry's name leaves no room for DVC's ending.
        SettingsError: a pointer is torn.
        AssayError: what DVC said.

    """
    _remove_empty_pointers(model)
    lost = [pointer for pointer in pointers(model) if not pointer.entry.exists()]
    if lost:
        check_out(lost, dvc)
        tell(
            f"missing, and restored by {POINTER} pointer: {listed(one.entry for one in lost)}; to "
            "drop its rows, remove file and pointer"
        )
    _add([Path(name) for name in untracked(model)], dvc, tell)


def require_short(entry: Path) -> None:
    """Refuse a name to which DVC's ending can't be added.

    Raises:
        SourceRefused: says how long it may be.

    """
    if len(os.fsencode(f"{entry.name}{POINTER}")) > LONGEST_NAME:
        raise SourceRefused(
            f"the name {entry.name} is too long",
            expected=f"{LONGEST_NAME - len(POINTER)} bytes at most: DVC adds {POINTER} to it",
            cure="give the file or folder a shorter name",
        )


def check_out(lost: list[Pointer], dvc: Dvc) -> None:
    """Bring entries that are missing, in the versions that their pointers name.

    Raises:
        InputRefused: a version is neither in DVC's cache nor in the remote.
        AssayError: what DVC said.

    """
    lacking = kept.fetch([pointer.digest for pointer in lost])
    if gone := [pointer for pointer in lost if pointer.digest in lacking]:
        first = gone[0]
        raise InputRefused(
            f"{listed(one.entry for one in gone)} is missing, and neither DVC's cache nor a "
            f"remote has the version that {first.file.name} names ({first.digest})",
            expected="every entry that has a pointer, or its version in the cache or the remote",
            cure="set the remote that has it and fetch it (dvc remote add -d NAME URL; dvc pull), "
            f"or drop its rows for good: git rm {first.file}",
        )
    for start in range(0, len(lost), BATCH):
        names = dict.fromkeys(str(pointer.file) for pointer in lost[start : start + BATCH])
        if failure := dvc(["checkout", *names]):
            raise failure


def listed(paths: Iterable[Path | str], most: int = SHOWN) -> str:
    """Return the first few paths, and how many more there are."""
    names = list(map(str, paths))
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _add(found: list[Path], dvc: Dvc, tell: Callable[[str], None]) -> None:
    """Put entries under DVC's care."""
    for path in found:
        require_short(path)
    near = [path for path in found if not _holds_linked_folder(path)]
    # DVC puts a copy in the place of a link; what it leads to may be written to again.
    links = [path for path in near if path.is_symlink()]
    plain = [path for path in near if not path.is_symlink()]
    for options, paths in ((["--no-relink"], links), ([], plain)):
        for start in range(0, len(paths), BATCH):
            batch = paths[start : start + BATCH]
            if failure := dvc(["add", *options, *map(str, batch)]):
                raise failure
    if near:
        folder = near[0].parent
        tell(f"{listed(near)}: versioned by DVC; for git: git add {folder}")
    if far := [path for path in found if _holds_linked_folder(path)]:
        tell(
            f"{listed(far)} is or holds a link to a folder, which DVC does not follow: it is "
            "learned from and not versioned; put a copy there instead"
        )


def _holds_linked_folder(path: Path) -> bool:
    if path.is_symlink():
        return path.is_dir()
    walk = os.walk(path)
    return any(os.path.islink(os.path.join(at, name)) for at, names, _ in walk for name in names)  # noqa: PTH114, PTH118


def _remove_empty_pointers(model: str) -> None:
    """Remove what a killed ``dvc add`` leaves, which stops every command of DVC's."""
    for path in visible(model):
        empty = path.suffix == POINTER and path.is_file() and not path.stat().st_size
        if empty and path.with_suffix("").exists():
            path.unlink()
