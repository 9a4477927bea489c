"""What a source of images hands over: one image at a time, never all of them at once.

Reads and writes nothing itself.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    import numpy as np

    # The split they were given to, uint8 pixels (images, height, width[, 3]), class numbers.
    Part = tuple[str, np.ndarray[Any, Any], Sequence[int] | np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One image as it came.

    ``path`` names it where it has a name of its own; ``given`` is the split that its source put it
    in, ``train`` or ``test``, None where the source has no test split.
    """

    image: bytes
    label: str | None
    path: str | None = None
    given: str | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)


class Images(Protocol):
    """Many images that are read when they are asked for."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of what stands beside image and label."""

    def __len__(self) -> int:
        """Return how many there are."""

    def read(self, wanted: Container[int]) -> Iterator[ImageRow]:
        """Yield the images whose places (0 to the length) are wanted, in their order."""


class Arrays:
    """Pixels in memory, encoded as PNG when they are read."""

    columns = ()

    def __init__(self, parts: Sequence[Part], classes: Sequence[str]) -> None:
        self._parts, self._classes = parts, classes

    def __len__(self) -> int:
        return sum(len(labels) for _, _, labels in self._parts)

    def read(self, wanted: Container[int]) -> Iterator[ImageRow]:
        """Yield the images of each part in turn."""
        place = 0
        for given, pixels, labels in self._parts:
            for drawing, label in zip(pixels, labels, strict=True):
                if place in wanted:
                    yield ImageRow(png(drawing), self._classes[label], given=given)
                place += 1


def png(pixels: np.ndarray[Any, Any]) -> bytes:
    """Return uint8 pixels (height, width) or (height, width, 3) as PNG, without any loss."""
    import PIL.Image

    stream = io.BytesIO()
    PIL.Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()
