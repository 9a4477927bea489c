"""Outputs that go to the remote, and outputs that come back as ``dvc.lock`` records them.

Reads DVC's configuration and ``dvc.lock``. Writes the remote, or the workspace's outputs.
"""

from __future__ import annotations

from assay.gateways.versioning.lockfile import lock_entries
from assay.gateways.versioning.pointers import pointers
from assay.gateways.versioning.running import run


def push(model: str) -> str | None:
    """Push a model's outputs and its inbox, where a default remote is set; return what was done.

    Raises:
        StageFailed: what DVC said.

    """
    from dvc.repo import Repo

    with Repo(".") as repo:
        remote = repo.config["core"].get("remote")
    if not remote:
        return None
    entries = [str(pointer.file) for pointer in pointers(model)]
    run(["push", *lock_entries(model), *entries], f"push {model}")
    return f"pushed to the remote {remote}"


def check_out(model: str) -> None:
    """Bring a model's outputs out of DVC's cache, as ``dvc.lock`` records them.

    Raises:
        StageFailed: what DVC said.

    """
    run(["checkout", "--force", *lock_entries(model)], f"check out {model}")
