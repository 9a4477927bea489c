"""What a bundle needs of a modality: inputs as they come become arrays that a graph takes.

Reads and writes nothing. Each modality has an encoder that satisfies these protocols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]


class Encoded(Protocol):
    """Many inputs, ready to be fed to a graph."""

    @property
    def truncated(self) -> int:
        """How many inputs were cut, so that the model does not see all of them."""

    @property
    def unknown(self) -> Floats:
        """Which share of each input the encoder does not know: float64 of shape (inputs,), 0 to 1.

        Of an input that was cut, the share of what is left.
        """

    def batches(self, size: int) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Yield (rows, feeds) until every input was in one batch, of ``size`` rows at most."""


class Encoder(Protocol):
    """What turns inputs into feeds, exactly as in training."""

    def __call__(self, inputs: Sequence[Any]) -> Encoded:
        """Encode inputs."""
