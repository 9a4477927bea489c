"""One model as it is served: a bundle that holds, and was asked its golden rows here.

Reads the ledger, certificates and bundle folders. Writes nothing but what restoring a release
writes. Never serves a bundle whose bytes, certificate or golden rows do not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.bundle import selftest
from assay.errors import NoRelease
from assay.files import sha256, sha256_of_folder
from assay.paths import ModelPaths, ReleasePaths
from assay.release import champion, ledger
from assay.tasks.bundles import open_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from assay.bundle.manifest import Manifest
    from assay.bundle.opened import Opened


@dataclass(frozen=True)
class ServedModel:
    """An opened bundle, and what every answer says of it.

    Attributes:
        name: of the model.
        version: of the release; None: the workspace's bundle, which no gate let through.
        digest: SHA-256 over the bundle's files, as the certificate has them.
        bundle: opened, all of its bytes checked.

    """

    name: str
    version: int | None
    digest: str
    bundle: Opened

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        return self.bundle.manifest

    @property
    def label(self) -> str:
        """The version as clients read it."""
        return label_of(self.version)


def label_of(version: int | None) -> str:
    """Return a version as clients read it."""
    return "workspace" if version is None else str(version)


def load_champion(model: str, *, threads: int) -> ServedModel:
    """Open the champion of a model.

    Raises:
        NoRelease: there is none.
        LedgerRefused, SignatureRefused, BundleRefused: what is there does not hold.

    """
    return load_release(model, champion.require_version(ledger.read(), model), threads=threads)


def load_release(model: str, version: int, *, threads: int) -> ServedModel:
    """Open one release of a model.

    Raises:
        SignatureRefused, BundleRefused: it does not hold.

    """
    stated = champion.require_intact(model, version)
    opened = _open(ReleasePaths(model, version).bundle, threads)
    return ServedModel(model, version, sha256_of_folder(stated.files), opened)


def load_workspace(model: str, *, threads: int) -> ServedModel:
    """Open what was built last, released or not: to try it, on this machine.

    Raises:
        NoRelease: nothing was built.
        BundleRefused: it does not hold.

    """
    folder = ModelPaths(model).bundle
    if not folder.is_dir():
        raise NoRelease(
            f"{model} has neither a champion nor a bundle in the workspace",
            expected=f"{folder}",
            cure=f"assay run {model}",
        )
    opened = _open(folder, threads)
    files = {path.name: sha256(path) for path in folder.iterdir()}
    return ServedModel(model, None, sha256_of_folder(files), opened)


def _open(folder: Path, threads: int) -> Opened:
    opened = open_bundle(folder, threads=threads)
    selftest.require(folder, opened)
    return opened
