"""Make an inbox what it was once: the raw data of an old model, for its rebuild.

Reads the inbox, its pointers (``NAME.dvc``) and git's list of files. Writes pointers, removes those
that are not wanted, and has DVC check the entries out. Removes no file of a user's.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

from assay.errors import InputRefused
from assay.files import replacing
from assay.gateways.versioning.inbox import check_out
from assay.gateways.versioning.lockfile import md5_of
from assay.gateways.versioning.pointers import POINTER, Pointer, in_git, pointers, present
from assay.paths import ModelPaths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.gateways.versioning.inbox import Dvc


def restore(model: str, wanted: Mapping[str, str], dvc: Dvc) -> None:
    """Make a model's inbox what ``pointers.entries`` said of it once, in a clean worktree.

    Pointers are written for the wanted entries and checked out; other pointers are removed. What
    git holds itself is left as it is. The caller holds the project's lock.

    Raises:
        InputRefused: an entry lies there that is not wanted, or in another version; a wanted name
            is not that of an entry of this inbox; a version is neither in cache nor remote.
        SettingsError: a pointer is torn.
        AssayError: what DVC said.

    """
    _require_entries(model, wanted)
    _require_clean(model, wanted)
    known = pointers(model)
    for pointer in known:
        if wanted.get(pointer.entry.as_posix()) != pointer.digest:
            pointer.file.unlink()
    sound = {pointer.entry.as_posix() for pointer in known if pointer.file.exists()}
    written = [_written(Path(name), digest) for name, digest in wanted.items() if name not in sound]
    if lost := [pointer for pointer in pointers(model) if not pointer.entry.exists()]:
        check_out(lost, dvc)
    for pointer in written:
        _write(pointer)  # again: now sizes are known, and it is what `dvc add` once wrote


def _require_entries(model: str, wanted: Mapping[str, str]) -> None:
    inbox = ModelPaths(model).inbox
    for name, digest in wanted.items():
        path = Path(name)
        plain = path.parent == inbox and not path.name.startswith(".")
        if not (plain and re.fullmatch(r"[0-9a-f]{32}(\.dir)?", digest)):
            raise InputRefused(
                f"{name!r} with the MD5 {digest!r} is no entry of {inbox}",
                expected=f"{inbox}/NAME, and 32 hexadecimal digits (.dir behind those of a folder)",
                cure="the record that names it is damaged: take the one that git holds",
            )


def _require_clean(model: str, wanted: Mapping[str, str]) -> None:
    own = in_git(model)
    for path in present(model):
        if path not in own and wanted.get(path.as_posix()) != md5_of(path):
            raise InputRefused(
                f"{path} lies in the inbox, and not in the version to be restored",
                expected="an inbox without files of its own, as in a new worktree of git",
                cure="restore into one: git worktree add FOLDER COMMIT",
            )


def _written(entry: Path, digest: str) -> Pointer:
    pointer = Pointer(entry.with_name(entry.name + POINTER), entry, digest)
    _write(pointer)
    return pointer


def _write(pointer: Pointer) -> None:
    """Write a pointer as DVC does; sizes are those of the entry, where it is there."""
    out: dict[str, str | int] = {"md5": pointer.digest}
    if pointer.entry.is_dir():
        files = [file for file in pointer.entry.rglob("*") if file.is_file()]
        out |= {"size": sum(file.stat().st_size for file in files), "nfiles": len(files)}
    elif pointer.entry.is_file():
        out |= {"size": pointer.entry.stat().st_size}
    yaml = YAML()
    yaml.default_flow_style = False
    with replacing(pointer.file) as beside, beside.open("w", encoding="utf-8") as stream:
        yaml.dump({"outs": [out | {"hash": "md5", "path": pointer.entry.name}]}, stream)
