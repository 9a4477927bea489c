"""Which release is champion, and its bundle: opened only if bytes and signature hold.

Reads the ledger, certificates, signatures and ``releases/<model>/<version>/bundle/``; restores that
folder where it is not there, from DVC's cache or remote, or from MLflow. What only serves goes
without the two. The workspace's bundle, which a retraining removes and writes anew, is never looked
at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.errors import AssayError, NoRelease, SignatureRefused
from assay.files import remove, sha256, sha256_of_folder
from assay.gateways import signing, tracking, versioning
from assay.paths import RELEASES, ModelPaths, ReleasePaths
from assay.progress import say
from assay.release import certificate, ledger

if TYPE_CHECKING:
    from pathlib import Path

    from assay.release.certificate import Certificate
    from assay.release.ledger import Ledger

MOVES = ("promotion", "rollback")


def version_of(known: Ledger, model: str) -> int | None:
    """Return the version that the ledger says is champion; None where none was promoted."""
    last = next(known.newest(model, *MOVES), None)
    return last.version if last else None


def released(known: Ledger, model: str) -> list[int]:
    """Return the versions that were ever released, ascending."""
    return sorted(line.version for line in known.of(model, "promotion") if line.version)


def require_version(known: Ledger, model: str) -> int:
    """Return the champion's version.

    Raises:
        NoRelease: none was promoted yet.

    """
    found = version_of(known, model)
    if found is None:
        raise NoRelease(
            f"{model} has no champion yet",
            expected="a version that the gate let through",
            cure=f"assay run {model}, then: assay promote {model}",
        )
    return found


def require_released(known: Ledger, model: str, version: int | None) -> int:
    """Return a version that was released; of None the champion's.

    Raises:
        NoRelease: there is no champion, or no such release.

    """
    if version is None:
        return require_version(known, model)
    there = released(known, model)
    if version not in there:
        raise NoRelease(
            f"{model} has no release {version}",
            expected="one of " + (", ".join(map(str, there)) or "none yet"),
            cure=f"assay history {model} lists them",
        )
    return version


def bundle_of(model: str) -> tuple[Path, int] | None:
    """Return the folder of the champion's bundle, which holds, and its version; None without one.

    Raises:
        LedgerRefused: a line of the ledger was edited, dropped or moved.
        SignatureRefused: the release is not signed by a trusted key, or altered.

    """
    version = version_of(ledger.read(), model)
    if version is None:
        return None
    require_intact(model, version)
    return ReleasePaths(model, version).bundle, version


def require_intact(model: str, version: int) -> Certificate:
    """Check a release against its certificate and its signature; return the certificate.

    A bundle that is not there is restored first.

    Raises:
        SignatureRefused: unsigned, of another key, altered, with a file too many, or lost.

    """
    paths = ReleasePaths(model, version)
    stated = certificate.read(paths.certificate)
    if (stated.model, stated.version) != (model, version):
        raise _refused(paths, f"its certificate is that of {stated.model} {stated.version}")
    if not paths.bundle.is_dir():
        _restore(paths, stated)
    if found := _differences(paths.bundle, stated):
        raise _refused(paths, found)
    signing.verify_bundle(paths.bundle, paths.signature)
    return stated


def _differences(bundle: Path, stated: Certificate) -> str:
    there = {
        path.relative_to(bundle).as_posix(): path for path in bundle.rglob("*") if path.is_file()
    }
    if odd := sorted(set(there) ^ set(stated.files)):
        return f"{', '.join(odd)} is missing, or does not belong there"
    altered = [name for name, path in sorted(there.items()) if sha256(path) != stated.files[name]]
    return f"the bytes of {', '.join(altered)} were altered" if altered else ""


def _refused(paths: ReleasePaths, found: str) -> SignatureRefused:
    return SignatureRefused(
        f"release {paths.version} of {paths.model} is refused: {found}",
        expected=f"exactly the files that {paths.certificate} lists",
        cure=f"rm -r {paths.bundle}: the next command restores it from DVC or MLflow; find out who "
        "altered it",
    )


def _restore(paths: ReleasePaths, stated: Certificate) -> None:
    """Bring a bundle back: out of DVC, else out of MLflow; whatever comes back is checked."""
    origins = {"DVC": (versioning, _from_dvc), "MLflow": (tracking, _from_mlflow)}
    there = {name: fetch for name, (home, fetch) in origins.items() if home.is_installed()}
    if not there:
        raise _not_brought_along(paths)
    say(f"{paths.bundle} is not there: looking for it in {' and '.join(there)}")
    for origin, fetch in there.items():
        if fetch(paths, stated) and not _differences(paths.bundle, stated):
            say(f"{paths.bundle} was restored from {origin}")
            return
        remove(paths.bundle)
    raise SignatureRefused(
        f"release {paths.version} of {paths.model} is lost: {paths.bundle} is not there, and "
        "neither DVC nor MLflow has it",
        expected="its bundle in DVC's cache or remote, or among MLflow's artifacts",
        cure=f"dvc pull, or make it again: assay verify {paths.model} --version {paths.version}",
    )


def _not_brought_along(paths: ReleasePaths) -> SignatureRefused:
    return SignatureRefused(
        f"release {paths.version} of {paths.model} can't be opened: {paths.bundle} is not there, "
        "and neither DVC nor MLflow is installed here to restore it",
        expected=f"the folder {RELEASES}/ with the bundles, which git leaves out",
        cure=f"in the project: assay predict {paths.model}, which restores it; then copy "
        f"{paths.bundle} here",
    )


def _from_dvc(paths: ReleasePaths, stated: Certificate) -> bool:
    digest = versioning.outputs_in(stated.lock).get(ModelPaths(paths.model).bundle.as_posix())
    return digest is not None and versioning.copy(digest, paths.bundle)


def _from_mlflow(paths: ReleasePaths, stated: Certificate) -> bool:
    try:
        tracking.fetch_of(paths.model, sha256_of_folder(stated.files), paths.bundle)
    except AssayError:
        return False
    return True
