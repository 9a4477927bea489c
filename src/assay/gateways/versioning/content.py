"""DVC that compares content: of what stages read and wrote, and of its own cache.

DVC itself trusts a file whose size and time stamp it knows, and every read-only object of its
cache. Here each is hashed once in a process. What is not what ``dvc.lock`` records is named, and
restored: from the cache, from the workspace's sound copy, from the remote; DVC makes the rest
again. Removes bad objects from the cache, writes good ones. Holds in the process of ``child``
alone; DVC's version is pinned, and tests hold this against it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dvc.dependency import Dependency
from dvc.exceptions import DvcException
from dvc.output import Output
from dvc_data.hashfile import state as states
from dvc_data.hashfile.db import HashFileDB
from dvc_data.hashfile.db.local import LocalHashFileDB
from dvc_data.hashfile.tree import Tree
from dvc_objects.errors import ObjectFormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def compare() -> None:
    """Have DVC compare content in this process."""
    for owner, name, ours in (
        (states, "State", OwnState),
        (LocalHashFileDB, "check", _check),
        (Output, "changed_cache", _changed_cache),
        (Output, "workspace_status", _workspace_status),
    ):
        setattr(owner, name, ours)


class OwnState(states.State):
    """DVC's table of digests by path, of which only this process's own entries are believed."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._own: set[str] = set()

    def save(self, path: str, fs: Any, hash_info: Any, info: Any = None) -> None:
        """Keep a digest that was computed just now."""
        self._own.add(path)
        super().save(path, fs, hash_info, info)

    def save_many(self, items: Iterable[tuple[str, Any, Any]], fs: Any) -> None:
        """Keep several."""
        kept = list(items)
        self._own.update(path for path, _, _ in kept)
        super().save_many(kept, fs)

    def forget(self) -> None:
        """Believe no entry any more."""
        self._own.clear()

    def get(self, path: str, fs: Any, info: Any = None) -> Any:
        """Return a digest that this process computed; else none."""
        return super().get(path, fs, info) if path in self._own else (None, None)

    def get_many(
        self, items: Iterable[str], fs: Any, infos: dict[str, Any]
    ) -> Iterator[tuple[str, Any, Any]]:
        """Yield each path with its digest, or none."""
        for path in items:
            yield (path, *self.get(path, fs, infos.get(path)))


_removed: list[str] = []
_told: set[str] = set()
_changed_cache_of_dvc = Output.changed_cache
_workspace_status_of_dvc = Output.workspace_status


def _check(database: Any, oid: str, check_hash: bool = True, _info: Any = None) -> Any:
    """Hash an object, read-only or not; a bad one is removed, as DVC does with a writable one."""
    try:
        return HashFileDB.check(database, oid, check_hash, _info)
    except ObjectFormatError:
        _removed.append(oid)
        raise


def _changed_cache(output: Any, filter_info: str | None = None) -> bool:
    """Return whether an output's objects are not all in the cache, after trying to heal them."""
    before = len(_removed)
    if output.use_cache and output.hash_info:
        # First the list of a folder's files: DVC reads it before it checks it.
        with suppress(FileNotFoundError, ObjectFormatError):
            output.cache.check(output.hash_info.value)
    changed = bool(_changed_cache_of_dvc(output, filter_info))
    if not changed or len(_removed) == before:
        return changed
    return not (_from_workspace(output) or _from_remote(output))


def _from_workspace(output: Any) -> bool:
    if not output.exists or output.changed_checksum():
        return False
    output.commit(relink=False)
    _tell(f"DVC's cache held a bad copy of {output}: replaced by the workspace's, which is sound")
    return True


def _from_remote(output: Any) -> bool:
    fetched = False
    if output.repo.config["core"].get("remote"):
        try:
            output.repo.cloud.pull([output.hash_info])
            if isinstance(tree := output.get_obj(), Tree):
                output.repo.cloud.pull([digest for _, _, digest in tree])
            # A download is entered under the digest that it was asked for: compute it.
            output.repo.state.forget()
            fetched = not _changed_cache_of_dvc(output)
        except (DvcException, OSError) as problem:
            _tell(f"the remote did not give {output}: {problem}")
    if fetched:
        _tell(f"DVC's cache held a bad copy of {output}: fetched again from the remote")
    else:
        _tell(f"DVC's cache held a bad copy of {output}: removed; its stage makes it again")
    return fetched


def _workspace_status(output: Any) -> dict[str, str]:
    status: dict[str, str] = _workspace_status_of_dvc(output)
    if "modified" in status.values() and not isinstance(output, Dependency):
        _tell(f"{output} is not what dvc.lock records: it is restored or made again")
    return status


def _tell(line: str) -> None:
    """Say something once, where DVC's own lines go."""
    if line not in _told:
        _told.add(line)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
