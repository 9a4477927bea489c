"""MLflow's alias ``champion`` follows the ledger, which alone decides.

Reads the ledger. Writes MLflow's alias, and ``.assay/aliases/<model>.json``: what was last written
there. A crash between ledger and alias is made good by the next command that calls this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.errors import StoreFailed
from assay.files import read_json, write_json
from assay.gateways import tracking
from assay.paths import SCRATCH
from assay.release import champion

if TYPE_CHECKING:
    from pathlib import Path

    from assay.release.ledger import Ledger

ALIAS = "champion"


def follow(model: str, known: Ledger, *, again: bool = False) -> str | None:
    """Let MLflow's alias name the ledger's champion; return a note where that failed.

    Costs nothing where it was done before, unless ``again`` asks MLflow itself.
    """
    version = champion.version_of(known, model)
    bundle = _bundle(known, model, version)
    if version is None or bundle is None:
        return None
    wanted = {"version": version, "bundle": bundle, "store": tracking.address()}
    file = _file(model)
    if not again and file.is_file() and read_json(file) == wanted:
        return None
    try:
        found = tracking.point(model, ALIAS, bundle, {"assay.release": str(version)})
    except StoreFailed as problem:
        return (
            f"MLflow's alias {ALIAS} does not follow yet: {problem.found}; the next command tries"
        )
    if found is None:
        return f"MLflow has no version with this bundle: assay track {model}"
    write_json(file, wanted)
    return None


def _bundle(known: Ledger, model: str, version: int | None) -> str | None:
    """Return the SHA-256 of a release's bundle, as the ledger has it."""
    for line in known.newest(model, "promotion"):
        if line.version == version and line.judged is not None:
            return line.judged.bundle
    return None


def _file(model: str) -> Path:
    return SCRATCH / "aliases" / f"{model}.json"
