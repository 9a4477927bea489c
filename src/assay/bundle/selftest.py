"""A bundle's golden rows, asked of the very graph that is about to be served.

Reads a bundle's folder. Writes nothing. Opening a bundle asks them where it was made for another
processor (:mod:`assay.bundle.serving`); who serves many clients asks them always, before the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.bundle import golden, serving

if TYPE_CHECKING:
    from pathlib import Path

    from assay.bundle.opened import Opened


def require(folder: Path, opened: Opened) -> float:
    """Return by how much a logit differs from the golden one at most, if that is allowed.

    Raises:
        BundleRefused: the graph answers here otherwise than it was measured.

    """
    found = golden.read(folder).largest_difference(opened.session)
    as_measured = opened.precision == opened.manifest.precision
    allowed = serving.allowed(opened.manifest) if as_measured else serving.LEAST_ALLOWED
    if found > allowed:
        raise serving.differs(folder, opened.manifest, found)
    return found
