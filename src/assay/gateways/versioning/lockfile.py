"""What ``dvc.lock`` records of a model: the MD5 of all that each stage read and wrote.

Reads ``dvc.lock``, ``dvc.yaml`` and the files that they name; trusts no size, no time stamp and no
cache. Writes nothing, and needs no DVC.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.paths import PIPELINE, PIPELINE_LOCK, SUITES
from assay.settings import reading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


# Bytecode, which appears in a folder of code as soon as it is run.
IGNORED = "__pycache__"
SOURCES = ("src/", f"{SUITES.as_posix()}/")


@dataclass(frozen=True)
class LockedStage:
    """One stage of one model: what it read and what it wrote, each path with its MD5."""

    name: str
    read: Mapping[str, str]
    wrote: Mapping[str, str]


def stages(model: str) -> list[LockedStage]:
    """Return a model's stages as they were last recorded, in the order of ``dvc.yaml``.

    A stage that never ran is left out.

    Raises:
        SettingsError: ``dvc.lock`` or ``dvc.yaml`` is torn.

    """
    if not PIPELINE_LOCK.is_file():
        return []
    return stages_in(PIPELINE_LOCK.read_bytes(), PIPELINE.read_bytes(), model)


def stages_in(lock: bytes, pipeline: bytes, model: str) -> list[LockedStage]:
    """Return a model's stages as ``lock`` records them, in the order of ``pipeline``.

    The two are what stands in a ``dvc.lock`` and a ``dvc.yaml``, of whichever commit.

    Raises:
        SettingsError: one of the two is torn.

    """
    locked = _parsed(PIPELINE_LOCK, lock)
    known = [(name, locked.get(f"{name}@{model}")) for name in _parsed(PIPELINE, pipeline)]
    return [
        LockedStage(name, _digests(entry.get("deps", ())), _digests(entry.get("outs", ())))
        for name, entry in known
        if entry is not None
    ]


def locked(model: str, also: Collection[str] = ()) -> dict[str, Any]:
    """Return a model's part of ``dvc.lock`` as it stands there, in JSON's types: a lock by itself.

    ``also`` are outputs of other models, of whose stages nothing else is in it.

    Raises:
        SettingsError: ``dvc.lock`` is torn.

    """
    if not PIPELINE_LOCK.is_file():
        return {}
    found: dict[str, Any] = {}
    for name, entry in _stages_in(PIPELINE_LOCK).items():
        if name.endswith(f"@{model}"):
            found[name] = entry
        elif outs := [one for one in entry.get("outs", ()) if one["path"] in also]:
            found[name] = {"cmd": entry["cmd"], "outs": outs}
    plain: dict[str, Any] = json.loads(json.dumps({"schema": "2.0", "stages": found}, default=str))
    return plain


def without(lock: bytes, model: str) -> bytes:
    """Return what stands in a ``dvc.lock``, without a model's stages; JSON is YAML.

    Raises:
        SettingsError: it is torn.

    """
    known = _parsed(PIPELINE_LOCK, lock)
    kept = {name: entry for name, entry in known.items() if not name.endswith(f"@{model}")}
    return json.dumps({"schema": "2.0", "stages": kept}, default=str).encode()


def verify_sources(model: str) -> list[str]:
    """Find code and data that a stage read and that differ now; return findings as below.

    What a stage wrote is left out, be it there or not: see :func:`verify_chain`.
    """
    wrote = lock_entries(model)
    read = {path: digest for stage in stages(model) for path, digest in stage.read.items()}
    return _compare(
        {path: digest for path, digest in read.items() if not _is_output(Path(path), wrote)}
    )


def sources_in(lock: Mapping[str, Any]) -> dict[str, str]:
    """Return the MD5 of code and suites that stages read, as a lock has them (:func:`locked`)."""
    read = _digests_in(lock, "deps")
    return {path: md5 for path, md5 in read.items() if path.startswith(SOURCES)}


def outputs_in(lock: Mapping[str, Any]) -> dict[str, str]:
    """Return the MD5 of every output, as a lock has them (``.dir`` of folders)."""
    return _digests_in(lock, "outs")


def md5_now(path: str) -> str | None:
    """Return DVC's MD5 of what is there; None where nothing is."""
    return md5_of(Path(path)) if Path(path).exists() else None


def lock_entries(model: str) -> dict[str, str]:
    """Return the MD5 of each of a model's outputs, as ``dvc.lock`` names it (``.dir`` of folders).

    An output that was never made is left out.
    """
    return {path: digest for stage in stages(model) for path, digest in stage.wrote.items()}


def has_outputs(model: str) -> bool:
    """Return whether any output that ``dvc.lock`` names for a model lies in the workspace.

    A clone holds the ``dvc.lock`` of every model and no output: where none is there, the model
    was neither built nor fetched in this folder, which is no fault of it.
    """
    return any(Path(name).exists() for name in lock_entries(model))


def verify_outputs(model: str) -> list[str]:
    """Rehash every output that ``dvc.lock`` names for a model.

    Returns one finding a line, ``"PATH: missing"`` or ``"PATH: altered"``; none when all is well.
    """
    return _compare(lock_entries(model))


def as_recorded(path: Path, model: str) -> bool | None:
    """Return whether an output is what ``dvc.lock`` records; None where it records none."""
    digest = lock_entries(model).get(path.as_posix())
    return None if digest is None else path.exists() and md5_of(path) == digest


def verify_inputs(stage: str, model: str) -> list[str]:
    """Rehash what a stage reads of what earlier stages wrote; return findings as above.

    What no stage is on record to have written is left out, and so is what is not there: the stage
    itself says what it misses.
    """
    wrote = lock_entries(model)
    body = _stages_in(PIPELINE).get(stage, {})
    entries = body.get("do", body).get("deps", ())
    read = [Path(str(entry).replace("${key}", model)) for entry in entries]
    # A stage may read one file of a folder that was recorded as a whole.
    outputs = [name for name in wrote if any(path.is_relative_to(name) for path in read)]
    return _compare({name: wrote[name] for name in outputs if Path(name).exists()})


def verify_chain(model: str) -> list[str]:
    """Find stages that read something else than what the stage before them wrote last.

    Returns one finding a line; none when every stage is on record to have read today's outputs,
    which are as recorded themselves (:func:`verify_outputs`).
    """
    wrote = lock_entries(model)
    return [
        f"{stage.name} read another {path} than is recorded now"
        for stage in stages(model)
        for path, digest in stage.read.items()
        if _output_now(Path(path), wrote) not in (digest, None)
    ]


def md5_of(path: Path) -> str:
    """Return DVC's MD5 of a file or folder.

    A folder's is that of the JSON list of its files' digests and relative paths, with ``.dir``
    (dvc_data.hashfile.tree.Tree.digest), without what ``.dvcignore`` leaves out of code.
    """
    if path.is_dir():
        files = (file for file in path.rglob("*") if file.is_file() and IGNORED not in file.parts)
        names = sorted((file.relative_to(path).as_posix(), file) for file in files)
        entries = [{"md5": md5_of(file), "relpath": name} for name, file in names]
        return hashlib.md5(json.dumps(entries).encode(), usedforsecurity=False).hexdigest() + ".dir"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _output_now(path: Path, wrote: Mapping[str, str]) -> str | None:
    """Return the digest of an output, or of a file of one; None where no stage writes it."""
    if path.as_posix() in wrote:
        return wrote[path.as_posix()]
    return md5_of(path) if _is_output(path, wrote) and path.exists() else None


def _is_output(path: Path, wrote: Mapping[str, str]) -> bool:
    return any(path.is_relative_to(name) for name in wrote)


def _compare(digests: Mapping[str, str]) -> list[str]:
    findings = []
    for name, digest in digests.items():
        path = Path(name)
        if not path.exists():
            findings.append(f"{name}: missing")
        elif md5_of(path) != digest:
            findings.append(f"{name}: altered")
    return findings


def _stages_in(path: Path) -> Mapping[str, Mapping[str, Any]]:
    return _parsed(path, path.read_bytes())


@functools.lru_cache(maxsize=4)
def _parsed(path: Path, content: bytes) -> Mapping[str, Mapping[str, Any]]:
    """Parse bytes once: one command looks at both files several times, and YAML is slow."""
    return dict(reading.mapping(path, content).get("stages") or {})


def _digests_in(lock: Mapping[str, Any], side: str) -> dict[str, str]:
    """Return what all stages of a lock read (``deps``) or wrote (``outs``)."""
    entries = [one for stage in (lock.get("stages") or {}).values() for one in stage.get(side, ())]
    return _digests(entries)


def _digests(entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {str(entry["path"]): str(entry["md5"]) for entry in entries if "md5" in entry}
