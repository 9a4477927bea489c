"""What depends on what, as DVC sees it, and which commit is checked out.

Reads ``params.yaml``, ``dvc.yaml`` and git's own records. Writes nothing and runs no stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.gateways.versioning import git
from assay.gateways.versioning.failures import causes, explain
from assay.paths import PARAMS, require_project
from assay.settings import reading

if TYPE_CHECKING:
    from pathlib import Path

# Where a file that git does not know would still be run or read by a stage.
CODE = ("src/", "flows/", "expectations/", "params.yaml", "dvc.yaml")


def stages_of(model: str) -> list[str]:
    """Return a model's stages in the order of execution, e.g. ``["ingest@opinions", ...]``.

    Raises:
        UnknownModel: the valid names are listed.
        SettingsError: ``params.yaml`` or ``dvc.yaml`` cannot be read.

    """
    require_project()
    reading.require_model(PARAMS, model)
    return [stage.addressing for stage in _stages(model)]


def commit() -> str | None:
    """Return the hash of the commit that is checked out; None outside git or before the first."""
    return git.output("rev-parse", "--verify", "--quiet", "HEAD")


def dirty() -> bool:
    """Return whether a file of the project differs from its commit; False outside git."""
    return bool(git.output("status", "--porcelain", "--", "."))


def changed(*outside: str) -> list[str]:
    """Return the paths that differ from the commit, without those below ``outside``.

    Files that git does not know count only where code and settings are looked for.
    """
    listed = git.output("status", "--porcelain", "--untracked-files=all", "--", ".") or ""
    found = []
    for line in listed.splitlines():
        mark, path = line[:2].strip(), line[2:].strip().rpartition(" -> ")[2].strip('"')
        if path.startswith(outside) or (mark == "??" and not path.startswith(CODE)):
            continue
        found.append(path)
    return found


def is_committed(path: Path) -> bool:
    """Return whether a file is just what the commit that is checked out holds."""
    return bool(git.output("ls-files", "--", str(path))) and not git.output(
        "status", "--porcelain", "--", str(path)
    )


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
