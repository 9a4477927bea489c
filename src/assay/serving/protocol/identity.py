"""Who answered: model, version and bundle, in the headers and the body of every answer.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.serving.served import ServedModel


@dataclass(frozen=True)
class Identity:
    """The release that an answer comes from.

    Attributes:
        model: its name.
        version: as clients read it.
        bundle: SHA-256 over the bundle's files, as the certificate has them.

    """

    model: str
    version: str
    bundle: str

    @classmethod
    def of(cls, served: ServedModel) -> Identity:
        """Return that of a served model."""
        return cls(served.name, served.label, served.digest)

    @property
    def headers(self) -> dict[str, str]:
        """What stands in the headers of an answer."""
        return {
            "assay-model": self.model,
            "assay-version": self.version,
            "assay-bundle": self.bundle,
        }
