"""A folder in the user's cache that is written once, with the digests of its files.

Reads and writes one folder of the cache, under a lock. A folder of which a byte changed is written
again. Knows nothing of what stands in it.
"""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

from assay.files import read_json, replacing, sha256, write_json
from assay.paths import user_cache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DIGESTS = "digests.json"


def kept(name: str, write: Callable[[Path], None]) -> Path:
    """Return the folder ``name`` of the cache; where it is not whole, ``write`` fills a new one.

    The name is that of one content: another form of it needs another name, so that what an earlier
    version of Assay wrote stays apart.
    """
    target = user_cache() / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_whole(target):
            with replacing(target) as beside:
                beside.mkdir()
                write(beside)
                written = {file.name: sha256(file) for file in sorted(beside.iterdir())}
                write_json(beside / DIGESTS, written)
    return target


def is_whole(target: Path) -> bool:
    """Tell whether a folder holds the bytes that were written into it."""
    try:
        stated: dict[str, str] = read_json(target / DIGESTS)
        return all(sha256(target / name) == digest for name, digest in stated.items())
    except (OSError, ValueError, AttributeError):
        return False
