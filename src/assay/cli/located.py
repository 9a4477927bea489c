"""Which bundle of a model a command asks: the champion's, or the workspace's.

Reads the ledger, and the release that it names. Writes nothing, but restores a release's bundle
that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import MissingFile
from assay.paths import ModelPaths
from assay.progress import say

if TYPE_CHECKING:
    from pathlib import Path

    from assay.bundle.opened import Opened


@dataclass(frozen=True)
class Located:
    """A bundle's folder, and the version of the release; None in the workspace, for ``reason``."""

    model: str
    folder: Path
    version: int | None
    reason: str

    def say(self, bundle: Opened) -> None:
        """Say which bundle answers, and on what it runs."""
        where = "from the workspace" if self.version is None else f"release {self.version}"
        joint = " " if self.version is None else ", "
        runs = f"{bundle.precision} on {bundle.provider}"
        say(f"{self.model}{joint}{where} ({self.reason}): {runs}")


def locate(model: str, *, workspace: bool) -> Located:
    """Find the champion; the workspace's bundle where that is asked for, or there is no champion.

    Raises:
        MissingFile: neither is there.
        LedgerRefused, SignatureRefused: what is there does not hold.

    """
    from assay.release import champion

    if not workspace and (found := champion.bundle_of(model)):
        return Located(model, *found, "champion")
    folder = ModelPaths(model).bundle
    if not folder.is_dir():
        raise MissingFile(
            f"{model} has not been built: there is no {folder}",
            expected="a champion, or a bundle in the workspace",
            cure=f"assay run {model}, or dvc pull if a colleague built it",
        )
    reason = "as asked" if workspace else "no version has been promoted yet"
    return Located(model, folder, None, reason)
