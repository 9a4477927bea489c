"""Versions out of DVC's cache; the last one of an output is a stage's memory of its run before.

Reads ``dvc.lock`` and DVC's cache, or the remote where the cache lacks it. DVC deletes a stage's
outputs before it runs, so that the workspace holds none. Writes to the cache alone.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.gateways.versioning.lockfile import lock_entries, md5_of

if TYPE_CHECKING:
    from collections.abc import Collection


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


def fetch(digests: Collection[str]) -> set[str]:
    """Have versions of files and folders in DVC's cache, whole and sound, by their MD5.

    What is missing there, or bad, is fetched from the remote where one is set. Returns those that
    neither has.
    """
    from dvc.repo import Repo

    with Repo(".") as repo:
        lacking = _lacking(repo, digests)
        for digest in digests:
            if digest.endswith(".dir") and digest not in lacking:
                listed = json.loads(_path(repo, digest).read_text("utf-8"))
                if _lacking(repo, {one["md5"] for one in listed}):
                    lacking.add(digest)
    return lacking


def objects(digests: Collection[str]) -> dict[str, Path]:
    """Return DVC's own copies of versions by their MD5, to be read only; of a folder, its list.

    Those that neither the cache nor a remote has are left out.
    """
    from dvc.repo import Repo

    with Repo(".") as repo:
        lacking = _lacking(repo, digests)
        return {digest: _path(repo, digest) for digest in digests if digest not in lacking}


def _object(repo: Any, digest: str) -> Path | None:
    """Return a sound object of the cache, fetched from the remote if need be."""
    return None if _lacking(repo, {digest}) else _path(repo, digest)


def _lacking(repo: Any, digests: Collection[str]) -> set[str]:
    """Return the objects that are not in the cache, after trying to fetch them."""
    from dvc.exceptions import DvcException
    from dvc_data.hashfile.hash_info import HashInfo

    bad = {digest for digest in digests if not _is_sound(_path(repo, digest), digest)}
    if not bad or not repo.config["core"].get("remote"):
        return bad
    for digest in bad:
        _path(repo, digest).unlink(missing_ok=True)
    with suppress(DvcException, OSError):
        repo.cloud.pull([HashInfo("md5", digest) for digest in sorted(bad)])
    return {digest for digest in bad if not _is_sound(_path(repo, digest), digest)}


def _path(repo: Any, digest: str) -> Path:
    return Path(repo.cache.local.oid_to_path(digest))


def _is_sound(path: Path, digest: str) -> bool:
    return path.is_file() and md5_of(path) == digest.removesuffix(".dir")
