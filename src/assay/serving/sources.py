"""Where served models come from: the releases, or the workspace of who tries one out.

Reads the ledger and bundle folders. Writes nothing but what restoring a release writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import NoRelease
from assay.paths import RELEASES, ModelPaths
from assay.release import champion, ledger
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
    """Return the names of the models of ``params.yaml`` that have a bundle in the workspace."""
    return [name for name in registry.load() if ModelPaths(name).bundle.is_dir()]


def released() -> list[str]:
    """Return the names of all models that have a champion, in alphabetical order.

    Raises:
        LedgerRefused: the ledger does not hold.

    """
    known = ledger.read()
    named = sorted(path.name for path in RELEASES.iterdir()) if RELEASES.is_dir() else []
    return [name for name in named if champion.version_of(known, name) is not None]
