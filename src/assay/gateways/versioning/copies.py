"""Copies of old outputs, by the digest under which DVC keeps them.

Reads DVC's cache, or the remote where the cache lacks something. Writes the copies that it is asked
for, and to the cache what it fetched.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from assay.files import replacing
from assay.gateways.versioning.kept import fetch

FOLDER = ".dir"


def object_of(digest: str) -> Path | None:
    """Return DVC's own copy of a file with this MD5, its bytes compared; None where there is none.

    To be read only.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        if fetch({digest}):
            return None
        with Repo(".") as repo:
            return Path(repo.cache.local.oid_to_path(digest))
    except (DvcException, OSError):
        return None


def copy_folder(digest: str, target: Path) -> bool:
    """Copy a folder to ``target``, whole or not at all; return whether DVC has it.

    ``digest`` ends in ``.dir``.
    """
    listed = object_of(digest) if digest.endswith(FOLDER) else None
    if listed is None:
        return False
    entries = json.loads(listed.read_text(encoding="utf-8"))
    found = {str(entry["relpath"]): object_of(entry["md5"]) for entry in entries}
    with replacing(target) as beside:
        for name, kept in found.items():
            if kept is None:
                return False
            place = beside / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept, place)
    return True
