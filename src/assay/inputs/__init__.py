"""What people hand to a model, and how it becomes arrays: one module a kind of input.

Reads and writes nothing. Needs neither torch nor pandas: a bundle brings its encoder from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from assay.inputs import image, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

KINDS = {"text-classification": text, "image-classification": image}


class Encoded(Protocol):
    """Many inputs, ready to be fed to a graph."""

    @property
    def truncated(self) -> int:
        """How many inputs were cut, so that the model does not see all of them."""

    def batches(self, size: int) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Yield (rows, feeds) until every input was in one batch, of ``size`` rows at most."""


class Encoder(Protocol):
    """What turns inputs into feeds, exactly as in training."""

    def __call__(self, inputs: Sequence[Any]) -> Encoded:
        """Encode inputs."""


class Kind(Protocol):
    """One module of this package."""

    EXAMPLE: str  # how one input is given on the command line
    FACTS: tuple[str, ...]  # what a bundle's manifest must say for the encoder

    def encoder(self, folder: Path, manifest: Mapping[str, Any]) -> Encoder:
        """Return the encoder of the bundle in ``folder``."""


def kind(task: str) -> Kind | None:
    """Return the kind of input that a task reads; None for a task that is not known here."""
    return cast("Kind | None", KINDS.get(task))
