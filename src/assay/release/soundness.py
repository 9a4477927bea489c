"""What is registered is what the stages wrote: verified by content, before any effect.

Reads ``dvc.lock``, every output that it names for a model, and opens the bundle. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.errors import InputRefused
from assay.files import sha256
from assay.gateways import versioning
from assay.tasks.bundles import open_bundle

if TYPE_CHECKING:
    from assay.paths import ModelPaths


def require_sound(files: ModelPaths) -> None:
    """Hold every output of a model against ``dvc.lock``; open its bundle, golden rows included.

    Raises:
        InputRefused: an output is missing or altered, was never recorded, or was made from another
            output than today's.
        BundleRefused: the bundle cannot be opened.

    """
    _refuse(files, _unrecorded(files) + versioning.verify_outputs(files.model))
    _refuse(files, versioning.verify_chain(files.model))
    stated = open_bundle(files.bundle).manifest
    if stated.made_from.get("weights") != sha256(files.checkpoint):
        _refuse(files, [f"{files.bundle} was made from other weights than {files.checkpoint}"])


def _refuse(files: ModelPaths, findings: list[str]) -> None:
    if findings:
        raise InputRefused(
            f"{files.model} is not what its stages wrote: {'; '.join(findings)}",
            expected="every output as dvc.lock records it, each made from the others",
            cure=f"assay run {files.model} restores what was altered or makes it again, and "
            "registers it",
        )


def _unrecorded(files: ModelPaths) -> list[str]:
    recorded = versioning.lock_entries(files.model)
    wanted = (files.splits, files.checkpoint, files.bundle, files.parity, files.metrics)
    return [
        f"{path.as_posix()}: not recorded in dvc.lock"
        for path in wanted
        if not any(path.is_relative_to(output) for output in recorded)
    ]
