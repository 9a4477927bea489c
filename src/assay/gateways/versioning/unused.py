"""Remove old objects from DVC's cache that nothing names any more.

Reads the cache, and what every commit's ``dvc.lock`` and pointers name. Removes objects alone, and
only those that are older than asked and named by nobody: neither by the caller, nor by a commit,
nor by what lies in the folder.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import StageFailed
from assay.gateways.versioning import git
from assay.paths import INBOX, PIPELINE_LOCK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

NAMED = re.compile(rb"\bmd5: ?[\"']?([0-9a-f]{32})(?:\.dir)?")
DAY = 86_400


def remove_unused(keep: Collection[str], days: int) -> tuple[int, int]:
    """Remove objects older than so many days; return how many, and their bytes.

    ``keep`` are MD5s, with ``.dir`` or without, of files and folders; the files of a folder are
    kept with it. Call this under the project's lock.

    Raises:
        StageFailed: git can't say what the commits name; nothing was removed.

    """
    cache = _cache()
    wanted = {digest.removesuffix(".dir") for digest in keep} | _in_commits() | _here()
    wanted |= {inner for digest in wanted for inner in _files_of(cache, digest)}
    removed, freed = 0, 0
    oldest = time.time() - days * DAY
    for path in _objects(cache):
        state = path.stat()
        digest = f"{path.parent.name}{path.name}".removesuffix(".dir")
        if digest in wanted or state.st_mtime >= oldest:
            continue
        path.chmod(0o644)
        path.unlink()
        removed, freed = removed + 1, freed + state.st_size
    return removed, freed


def _cache() -> Path:
    from dvc.repo import Repo

    with Repo(".") as repo:
        return Path(repo.cache.local.path)


def _objects(cache: Path) -> Iterator[Path]:
    return (path for path in cache.glob("[0-9a-f][0-9a-f]/*") if path.is_file())


def _files_of(cache: Path, digest: str) -> Iterator[str]:
    """Yield the files of a folder, as its object lists them."""
    listed = cache / digest[:2] / f"{digest[2:]}.dir"
    if listed.is_file():
        yield from (str(entry["md5"]) for entry in json.loads(listed.read_bytes()))


def _here() -> set[str]:
    """Return what the folder's own lock and pointers name, committed or not."""
    files: Iterable[Path] = [PIPELINE_LOCK, *INBOX.glob("*/*.dvc"), *INBOX.glob("*.dvc")]
    found = (path.read_bytes() for path in files if path.is_file())
    return {digest.decode() for text in found for digest in NAMED.findall(text)}


def _in_commits() -> set[str]:
    """Return every digest that any commit's lock or pointers name: a line that was ever added."""
    words = ["--all", "-m", "-p", "-U0", "--no-color", "--no-ext-diff", "--"]
    done = git.run("log", *words, PIPELINE_LOCK.as_posix(), "*.dvc")
    if done.returncode:
        raise StageFailed(
            f"git log: {done.stderr.decode(errors='replace').strip()}",
            expected="what the commits name, which must stay; nothing was removed",
            cure="correct what git says",
        )
    return {digest.decode() for digest in NAMED.findall(done.stdout)}
