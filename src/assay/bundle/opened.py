"""What every opened bundle says of itself, whatever it is asked. Reads and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from assay.bundle.manifest import Manifest, Precision
    from assay.bundle.session import Session


class Opened(Protocol):
    """A bundle whose bytes were checked, and whose graph answers here as it was measured."""

    @property
    def manifest(self) -> Manifest:
        """What it is."""

    @property
    def precision(self) -> Precision:
        """Of the graph that is served here."""

    @property
    def provider(self) -> str:
        """The execution provider that really runs, e.g. ``CPUExecutionProvider``."""

    @property
    def session(self) -> Session:
        """The graph of which the bundle's golden rows were measured."""
