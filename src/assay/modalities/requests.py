"""What ``assay predict`` is asked about: the protocol that each modality's ``requests`` keeps.

Reads and writes nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from assay.gateways.parts import Parts


@dataclass(frozen=True)
class FileInputs:
    """The rows of a file and what they ask about, some thousands at a time.

    Attributes:
        parts: the rows.
        contents: what each of some rows asks about, in their order.

    """

    parts: Parts
    contents: Callable[[pd.DataFrame], Sequence[Any]]

    def __iter__(self) -> Iterator[tuple[pd.DataFrame, Sequence[Any]]]:
        """Yield rows and their contents."""
        for rows in self.parts:
            yield rows, self.contents(rows)


class Unit(Protocol):
    """A part of an input: ``input[start:end]``."""

    @property
    def text(self) -> str:
        """The part."""

    @property
    def start(self) -> int:
        """Where it begins."""

    @property
    def end(self) -> int:
        """Where it ends."""


class Occluded(Protocol):
    """An input's units in their order, and the input without each of them."""

    @property
    def units(self) -> Sequence[Unit]:
        """The units."""

    @property
    def contents(self) -> Sequence[Any]:
        """What is left without each."""


class Requests(Protocol):
    """Inputs that a user names on the command line or in a file."""

    @property
    def noun(self) -> str:
        """One input, in words and as the key of a JSON answer."""

    @property
    def example(self) -> str:
        """How one input is given on the command line."""

    @property
    def unusable(self) -> str:
        """What is said of inputs that get no answer, behind their number."""

    def words(self, words: Sequence[str]) -> Sequence[Any]:
        """Return what the words of a command line ask about.

        Raises:
            UsageError, DataRefused: one of them is nothing to ask about.

        """

    def table(self, file: Path, column: str | None) -> tuple[pd.DataFrame, Sequence[Any]]:
        """Return the rows of a file, and what each of them asks about.

        Raises:
            UsageError: it has no such column.
            MissingFile, SourceRefused: it is not there, or can't be read.

        """

    def parts(self, file: Path, column: str | None) -> FileInputs | None:
        """Return what :meth:`table` does, a part at a time; None of a file that is read whole.

        Raises:
            UsageError: it has no such column.
            MissingFile, SourceRefused: it is not there, or can't be read.

        """

    def usable(self, contents: Sequence[Any]) -> list[bool]:
        """Tell of each content whether the model can be asked about it."""

    def truncated(self, encoder: Mapping[str, int | tuple[str, ...]]) -> str:
        """Return what is said of inputs that the model did not see whole, behind their number."""

    def occluded(self, content: Any) -> Occluded | None:
        """Return an input's units and the input without each; None where inputs have no units."""

    @property
    def unreadable(self) -> str:
        """What is said of inputs that the model can't read, behind their number; what to do."""

    def remark(self, unknown: float) -> str:
        """Return what stands beside the answer to an input of which this share is unknown."""


class Chosen(Sequence[Any]):
    """Some places of a sequence, which is read when it is asked for."""

    def __init__(self, contents: Sequence[Any], places: Sequence[int]) -> None:
        """Choose ``places`` of ``contents``."""
        self._contents, self._places = contents, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> Chosen: ...
    def __getitem__(self, place: int | slice) -> Any:
        """Return one content, or some as another choice."""
        if isinstance(place, slice):
            return Chosen(self._contents, self._places[place])
        return self._contents[self._places[place]]
