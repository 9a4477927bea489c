"""What ``assay predict`` is asked about: one module a kind of input, found by the model's task.

Reads what the user names. Writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast, overload

from assay.cli.asked import image, text

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from assay.bundle import Bundle
    from assay.settings.schema import Model

KINDS = {"text-classification": text, "image-classification": image}


class Chosen(Sequence[Any]):
    """Some places of a sequence, which is read when it is asked for."""

    def __init__(self, contents: Sequence[Any], places: Sequence[int]) -> None:
        self._contents, self._places = contents, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Chosen: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return Chosen(self._contents, self._places[place])
        return self._contents[self._places[place]]


class Asked(Protocol):
    """One module of this package."""

    NOUN: str  # one input, in words and as the key of a JSON answer
    NOTHING: str  # what is said of what can't be asked about, behind its number

    def words(self, words: Sequence[str]) -> Sequence[Any]:
        """Return what the words of a command line ask about.

        Raises:
            UsageError, DataRefused: one of them is nothing to ask about.

        """

    def table(
        self, file: Path, column: str | None, settings: Model
    ) -> tuple[pd.DataFrame, Sequence[Any]]:
        """Return the rows of a file, and what each of them asks about.

        Raises:
            UsageError: it has no such column.
            MissingFile, SourceRefused: it is not there, or can't be read.

        """

    def usable(self, contents: Sequence[Any], bundle: Bundle) -> list[bool]:
        """Tell of each content whether the model can be asked about it."""

    def cut(self, contents: Sequence[Any], bundle: Bundle) -> tuple[int, str]:
        """Return how many contents the model does not see whole, and what is to be said of it."""


def asked(task: str) -> Asked:
    """Return the module for a task."""
    return cast("Asked", KINDS[task])
