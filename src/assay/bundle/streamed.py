"""One text as it is written: pieces of whole characters, up to where it is told to stop.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from assay.bundle.generated import Ending

# What is decoded of bytes that are no UTF-8, or not yet all of a character.
BROKEN = "\ufffd"


class Tokens(Protocol):
    """The tokens behind one prompt, each drawn when it is asked for."""

    cut: int

    @property
    def ending(self) -> Ending | None:
        """Why the text ended; None while there is more to come."""

    def __iter__(self) -> Iterator[int]:
        """Draw the next token, until the text has ended."""


class Streamed:
    """The text behind one prompt, an iterator of pieces; each is drawn when it is asked for.

    A piece never ends within a character, nor within what may become one of ``stop``: the text
    ends before the first of these.

    Attributes:
        tokens: how many were drawn so far.
        cut: how many tokens of the prompt's beginning were left out for want of room.

    """

    def __init__(
        self, stream: Tokens, decode: Callable[[Sequence[int]], str], stop: Sequence[str] = ()
    ) -> None:
        """Take the tokens, what makes text of them, and texts that end it."""
        self._stream, self._decode = stream, decode
        self._stop = tuple(text for text in stop if text)
        self._ids: list[int] = []
        self._shown = ""
        self._stopped = False
        self.cut = stream.cut

    @property
    def tokens(self) -> int:
        """How many tokens were drawn so far."""
        return len(self._ids)

    @property
    def ending(self) -> Ending | None:
        """Why the text ended; None while there is more to come."""
        return "stop" if self._stopped else self._stream.ending

    def __iter__(self) -> Iterator[str]:
        """Yield the pieces; joined they are the text."""
        if self._stopped:
            return
        for token in self._stream:
            self._ids.append(token)
            text = self._decode(self._ids)
            if (end := self._end(text)) is not None:
                self._stopped = True
                yield from self._piece(text[:end])
                return
            if not text.endswith(BROKEN):
                yield from self._piece(text[: len(text) - self._held(text)])
        yield from self._piece(self._decode(self._ids))

    def _piece(self, text: str) -> Iterator[str]:
        """Yield what ``text`` has behind what was yielded before."""
        if len(text) > len(self._shown):
            new, self._shown = text[len(self._shown) :], text
            yield new

    def _end(self, text: str) -> int | None:
        """Return where the first of the stopping texts begins."""
        found = [place for stop in self._stop if (place := text.find(stop)) >= 0]
        return min(found, default=None)

    def _held(self, text: str) -> int:
        """Return how many last characters may be the beginning of a stopping text."""
        lengths = (
            length
            for stop in self._stop
            for length in range(min(len(stop) - 1, len(text)), 0, -1)
            if text.endswith(stop[:length])
        )
        return max(lengths, default=0)
