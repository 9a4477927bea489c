"""What DVC and git hold on record of a model.

Reads ``params.yaml``, ``dvc.yaml``, ``dvc.lock``, the outputs they name, and git's own records.
Writes nothing and runs no stage.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from assay.gateways.versioning.failures import causes, explain
from assay.paths import PARAMS, require_project
from assay.settings import reading


def stages_of(model: str) -> list[str]:
    """Return a model's stages in the order of execution, e.g. ``["ingest@opinions", ...]``.

    Raises:
        UnknownModel: the valid names are listed.
        SettingsError: ``params.yaml`` or ``dvc.yaml`` cannot be read.

    """
    require_project()
    reading.require_model(PARAMS, model)
    return [stage.addressing for stage in _stages(model)]


def verify_outputs(model: str) -> list[str]:
    """Rehash every output that ``dvc.lock`` names for a model, trusting no cache.

    Returns one finding a line, ``"PATH: missing"`` or ``"PATH: altered"``; none when all is well.
    """
    findings = []
    for name, digest in lock_entries(model).items():
        path = Path(name)
        if not path.exists():
            findings.append(f"{name}: missing")
        elif _digest(path) != digest:
            findings.append(f"{name}: altered")
    return findings


def has_outputs(model: str) -> bool:
    """Return whether any output that ``dvc.lock`` names for a model lies in the workspace.

    A clone holds the ``dvc.lock`` of every model and no output: where none is there, the model
    was neither built nor fetched in this folder, which is no fault of it.
    """
    return any(Path(name).exists() for name in lock_entries(model))


def lock_entries(model: str) -> dict[str, str]:
    """Return the MD5 of each of a model's outputs, as ``dvc.lock`` names it (``.dir`` of folders).

    An output that was never made is left out.
    """
    outputs = [output for stage in _stages(model) for output in stage.outs]
    return {output.def_path: str(output.hash_info.value) for output in outputs if output.hash_info}


def commit() -> str | None:
    """Return the hash of the commit that is checked out; None outside git or before the first."""
    return _git("rev-parse", "--verify", "--quiet", "HEAD")


def dirty() -> bool:
    """Return whether a file of the project differs from its commit; False outside git."""
    return bool(_git("status", "--porcelain", "--", "."))


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _stages(model: str) -> list[Any]:
    """Return DVC's own stages of one model, each behind those that it depends on."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc.repo.reproduce import get_active_graph, plan_repro

    try:
        with Repo(".") as repo:
            graph = repo.index.graph
            own = [stage for stage in graph if stage.addressing.endswith(f"@{model}")]
            return [stage for stage in plan_repro(get_active_graph(graph), own) if stage in own]
    except DvcException as problem:
        raise explain(causes(problem)) from problem


def _digest(path: Path) -> str:
    """Return DVC's MD5 of a file or folder.

    A folder's is that of the JSON list of its files' digests and relative paths, with ``.dir``
    (dvc_data.hashfile.tree.Tree.digest).
    """
    if path.is_dir():
        files = (file for file in path.rglob("*") if file.is_file())
        names = sorted((file.relative_to(path).as_posix(), file) for file in files)
        entries = [{"md5": _digest(file), "relpath": name} for name, file in names]
        return hashlib.md5(json.dumps(entries).encode(), usedforsecurity=False).hexdigest() + ".dir"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
