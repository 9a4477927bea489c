"""MLflow's alias ``champion`` follows the ledger, which alone decides.

Reads the ledger, and a release that MLflow lost. Writes MLflow's alias and that release, and
``.assay/aliases/<model>.json``: what was last written there. A crash between ledger and alias is
made good by the next command that calls this.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from assay.bundle import manifest
from assay.errors import StoreFailed
from assay.files import read_json, sha256, write_json
from assay.gateways import tracking
from assay.paths import SCRATCH, ReleasePaths
from assay.release import champion

if TYPE_CHECKING:
    from assay.release.ledger import Ledger

ALIAS = "champion"


def update(model: str, known: Ledger, *, again: bool = False) -> str | None:
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


def missing(model: str, known: Ledger) -> int | None:
    """Return the champion's version if MLflow no longer has its bundle as it was released.

    Raises:
        StoreFailed: the store cannot be reached.

    """
    version = champion.version_of(known, model)
    bundle = _bundle(known, model, version)
    if version is None or bundle is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "bundle")
        try:
            tracking.fetch_of(model, bundle, copy)
        except StoreFailed:
            tracking.require_reachable()
            return version
        return None if sha256(copy) == bundle else version


def register_again(model: str, known: Ledger) -> str | None:
    """Enter the champion into MLflow again if it was lost there; return what was done.

    The release's own copy is what is entered: a bundle that is not there comes back from DVC first.

    Raises:
        StoreFailed: the store cannot be reached, or refused it.
        SignatureRefused: the release does not hold.

    """
    version = missing(model, known)
    bundle = _bundle(known, model, version)
    if version is None or bundle is None:
        return None
    champion.require_intact(model, version)
    folder = ReleasePaths(model, version).bundle
    weights = manifest.read(folder).made_from["weights"]
    tracking.forget(model, bundle)
    with tracking.failures():
        record = tracking.Record.of(model, weights)
        tags = {"assay.bundle": bundle, "assay.weights": weights}
        made = record.add_model(folder, f"release {version}, entered again", tags)
    update(model, known, again=True)
    return f"MLflow had lost release {version}: it is entered again, as version {made}"


def _bundle(known: Ledger, model: str, version: int | None) -> str | None:
    """Return the SHA-256 of a release's bundle, as the ledger has it."""
    for line in known.newest(model, "promotion"):
        if line.version == version and line.judged is not None:
            return line.judged.bundle
    return None


def _file(model: str) -> Path:
    return SCRATCH / "aliases" / f"{model}.json"
