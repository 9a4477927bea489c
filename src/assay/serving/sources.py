"""Where served models come from: the releases, or the workspace of who tries one out.

Reads the ledger and bundle folders. Writes nothing but what restoring a release writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import NoRelease
from assay.paths import RELEASES, ModelPaths, ReleasePaths
from assay.release import certificate, champion, ledger
from assay.serving import served
from assay.tasks import registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.serving.served import ServedModel


@dataclass(frozen=True)
class Champions:
    """The champion of each model, by the ledger; ``threads`` of each compute."""

    threads: int

    def current(self, names: Iterable[str]) -> dict[str, int | None]:
        """Return the champion's version of each model that has one.

        Raises:
            LedgerRefused: the ledger does not hold.

        """
        known = ledger.read()
        found = {name: champion.version_of(known, name) for name in names}
        return {name: version for name, version in found.items() if version is not None}

    def load(self, name: str) -> ServedModel:
        """Open the champion of a model.

        Raises:
            NoRelease: there is none.
            LedgerRefused, SignatureRefused, BundleRefused: it does not hold.

        """
        return served.load_champion(name, threads=self.threads)


@dataclass(frozen=True)
class Newest:
    """The champion of each model; the workspace's bundle of one that has none yet."""

    threads: int

    def current(self, names: Iterable[str]) -> dict[str, int | None]:
        """Return the champion's version of each model, None for the workspace's bundle.

        Raises:
            LedgerRefused: the ledger does not hold.

        """
        known = ledger.read()
        return {name: champion.version_of(known, name) for name in names}

    def load(self, name: str) -> ServedModel:
        """Open the champion of a model, or what was built last where it has none.

        Raises:
            NoRelease: there is neither.
            LedgerRefused, SignatureRefused, BundleRefused: what is there does not hold.

        """
        try:
            return served.load_champion(name, threads=self.threads)
        except NoRelease:
            return served.load_workspace(name, threads=self.threads)


def built() -> list[str]:
    """Return the models of ``params.yaml`` whose bundle is in the workspace and can be served."""
    return [
        name
        for name, settings in registry.load().items()
        if ModelPaths(name).bundle.is_dir() and registry.task_of(settings).operations
    ]


def released() -> list[str]:
    """Return the names of all models with a champion that can be served, in alphabetical order.

    Raises:
        LedgerRefused: the ledger does not hold.
        SignatureRefused: a certificate is not one of a trusted key.

    """
    known = ledger.read()
    named = sorted(path.name for path in RELEASES.iterdir()) if RELEASES.is_dir() else []
    versions = ((name, champion.version_of(known, name)) for name in named)
    return [
        name
        for name, version in versions
        if version is not None and _is_served(ReleasePaths(name, version))
    ]


def _is_served(release: ReleasePaths) -> bool:
    stated = certificate.read(release.certificate).settings
    # A release may be of a task that a later Assay has no more.
    task = registry.BY_NAME.get(f"{stated.get('data')}-{stated.get('task')}")
    return task is not None and bool(task.operations)
