"""The last version of an output, out of DVC's cache: a stage's own memory of its run before.

Reads ``dvc.lock`` and DVC's cache, or the remote where the cache lacks it. DVC deletes a stage's
outputs before it runs, so that the workspace holds none. Writes to the cache alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assay.gateways.versioning.lockfile import lock_entries, md5_of


def last_version(path: Path, model: str) -> Path | None:
    """Return a file with what ``dvc.lock`` records of ``path``, an output or a file of one.

    The file is DVC's own object, whose bytes were compared with the digest: to be read only. None
    where nothing is recorded, or where neither cache nor remote has it.
    """
    recorded = ((Path(name), md5) for name, md5 in lock_entries(model).items())
    entry = next((one for one in recorded if path.is_relative_to(one[0])), None)
    if entry is None:
        return None
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    output, digest = entry
    try:
        with Repo(".") as repo:
            kept = _object(repo, digest)
            if kept is None or path == output:
                return kept
            inner = path.relative_to(output).as_posix()
            listed = {one["relpath"]: one["md5"] for one in json.loads(kept.read_text("utf-8"))}
            return _object(repo, listed[inner]) if inner in listed else None
    except (DvcException, OSError):
        return None


def _object(repo: Any, digest: str) -> Path | None:
    """Return a sound object of the cache, fetched from the remote if need be."""
    from dvc_data.hashfile.hash_info import HashInfo

    path = Path(repo.cache.local.oid_to_path(digest))
    if not _is_sound(path, digest) and repo.config["core"].get("remote"):
        path.unlink(missing_ok=True)
        repo.cloud.pull([HashInfo("md5", digest)])
    return path if _is_sound(path, digest) else None


def _is_sound(path: Path, digest: str) -> bool:
    return path.is_file() and md5_of(path) == digest.removesuffix(".dir")
