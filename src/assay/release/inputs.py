"""What a rebuild starts from: recorded files and folders, out of DVC's cache or remote.

Reads DVC's cache, or the remote where the cache lacks something: each object's bytes are compared
with its digest. Writes the copies into the worktree that it is given, and to the cache what was
fetched.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from assay.errors import InputRefused
from assay.gateways import versioning
from assay.paths import ModelPaths

if TYPE_CHECKING:
    from collections.abc import Mapping


def restore_inbox(model: str, entries: Mapping[str, str], tree: Path) -> None:
    """Put the files and folders of an inbox back, ``entries`` being each path's DVC-MD5.

    Raises:
        InputRefused: an entry lies outside the model's inbox, or is in no cache and no remote.

    """
    inbox = ModelPaths(model).inbox
    for path in entries:
        parts = PurePosixPath(path)
        if ".." in parts.parts or not parts.is_relative_to(inbox.as_posix()):
            raise InputRefused(
                f"the record names {path} as part of the inbox",
                expected=f"paths below {inbox}/",
                cure="the record was altered: do not trust it",
            )
        take(path, entries, tree)


def take(path: str, recorded: Mapping[str, str], tree: Path) -> None:
    """Copy one recorded output into ``tree``, at its own path.

    Raises:
        InputRefused: it is not recorded, or is in no cache and no remote.

    """
    digest = recorded.get(path)
    if digest is None or not versioning.copy(digest, tree / path):
        raise _lost(path, digest)


def object_of(path: str, recorded: Mapping[str, str]) -> Path:
    """Return DVC's own copy of one recorded file, to be read only.

    Raises:
        InputRefused: as :func:`take`.

    """
    digest = recorded.get(path)
    found = versioning.object_of(digest) if digest else None
    if found is None:
        raise _lost(path, digest)
    return found


def _lost(path: str, digest: str | None) -> InputRefused:
    if digest is None:
        return InputRefused(
            f"the release records no {path}",
            expected="a dvc.lock with every output of the model",
            cure="only a release with all of its stages can be rebuilt",
        )
    return InputRefused(
        f"{path} (MD5 {digest}) is in neither DVC's cache nor a remote",
        expected="the recorded bytes, to start from",
        cure="name the remote that it was pushed to (dvc remote add), or copy that cache here",
    )
