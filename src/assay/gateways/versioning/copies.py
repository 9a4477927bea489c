"""Copies of old outputs, by the digest under which DVC keeps them.

Reads DVC's cache, or the remote where the cache lacks something. Writes the copies that it is asked
for, and to the cache what it fetched.
"""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from typing import TYPE_CHECKING

from assay.files import replacing
from assay.gateways.versioning import kept

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


def is_installed() -> bool:
    """Tell whether DVC is: what only serves goes without, and finds no copies."""
    return find_spec("dvc") is not None


def object_of(digest: str) -> Path | None:
    """Return DVC's own copy of a file with this MD5, its bytes compared; None where there is none.

    To be read only.
    """
    return _objects({digest}).get(digest)


def copy(digest: str, target: Path) -> bool:
    """Copy a file or folder to ``target``, whole or not at all; return whether DVC has it.

    ``digest`` is its MD5, which ends in ``.dir`` for a folder.
    """
    found = object_of(digest)
    if found is None:
        return False
    if not digest.endswith(".dir"):
        with replacing(target) as beside:
            shutil.copyfile(found, beside)
        return True
    entries = json.loads(found.read_text(encoding="utf-8"))
    files = {str(entry["relpath"]): str(entry["md5"]) for entry in entries}
    return _copy_files(files, target)


def _copy_files(files: Mapping[str, str], target: Path) -> bool:
    found = _objects(set(files.values()))
    if len(found) < len(set(files.values())):
        return False
    with replacing(target) as beside:
        beside.mkdir(parents=True)
        for name, digest in files.items():
            place = beside / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found[digest], place)
    return True


def _objects(digests: Collection[str]) -> dict[str, Path]:
    from dvc.exceptions import DvcException

    try:
        return kept.objects(digests)
    except (DvcException, OSError):
        return {}
