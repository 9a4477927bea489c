"""One text that a language model continues: what has been drawn, and why it ended.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from assay.bundle.decoding import Decoding

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from assay.bundle.sampling import Logits, Sampler
    from assay.bundle.session import Session

# A token said so, or it has as many as were asked for.
Ending = Literal["stop", "length"]


@dataclass(frozen=True)
class Fitted:
    """A prompt as it is read.

    Attributes:
        ids: token ids, one or more.
        cut: how many tokens of the prompt's beginning were left out for want of room.

    """

    ids: tuple[int, ...]
    cut: int


@dataclass(frozen=True)
class Generated:
    """What followed one prompt.

    Attributes:
        ids: token ids, without the one that ended the text.
        ending: why it ended.
        cut: how many tokens of the prompt's beginning were left out for want of room.

    """

    ids: tuple[int, ...]
    ending: Ending
    cut: int


@dataclass(frozen=True)
class Bounds:
    """Where a text ends: behind ``most`` tokens, or before one of ``stop``; ``never`` is drawn."""

    most: int
    stop: Set[int]
    never: Set[int] = frozenset()


class Text:
    """The tokens behind one prompt, drawn one after the other."""

    def __init__(self, prompt: Fitted, sampler: Sampler, bounds: Bounds) -> None:
        """Begin behind a prompt."""
        self.prompt, self.ids = prompt, list[int]()
        self.ending: Ending | None = None
        self._sampler, self._bounds = sampler, bounds
        self._forgotten = 0

    def grow(self, logits: Logits) -> None:
        """Draw the next token by its logits (vocabulary,), unless the text has ended."""
        if self.ending:
            return
        if self._bounds.never:
            logits = logits.copy()
            logits[list(self._bounds.never)] = -np.inf
        token = self._sampler.next(logits)
        if token in self._bounds.stop:
            self.ending = "stop"
            return
        self.ids.append(token)
        if len(self.ids) == self._bounds.most:
            self.ending = "length"

    def generated(self) -> Generated:
        """Return the text, which has ended."""
        assert self.ending is not None  # noqa: S101  whoever asks has waited for it
        return Generated(tuple(self.ids), self.ending, self.prompt.cut)

    def window(self, context: int) -> Sequence[int]:
        """Return the tokens that the next one depends on, ``context`` at most.

        Where prompt and text have more, the second half of the context is left of them, so that
        they are read anew once in half a context, and not for each token.
        """
        if self.ending:
            return [self.last]
        whole = [*self.prompt.ids, *self.ids][self._forgotten :]
        if len(whole) > context:
            self._forgotten += len(whole) - max(1, context // 2)
            return whole[-max(1, context // 2) :]
        return whole

    @property
    def last(self) -> int:
        """The token that is read next; once the text has ended, any."""
        return self.ids[-1] if self.ids else 0


class Reading:
    """Texts that a graph reads side by side."""

    def __init__(self, session: Session, texts: Sequence[Text], context: int) -> None:
        """Take texts, one or more, and the most tokens that the graph reads of each."""
        self._session, self._texts, self._context = session, texts, context
        self._decoding: Decoding | None = None
        self._read: list[int] = []

    def grow(self) -> None:
        """Draw the next token of each text that has not ended.

        What is read behind an ended one, no other reads.
        """
        if self._decoding is None or max(self._read) >= self._context:
            rows = [text.window(self._context) for text in self._texts]
            self._decoding = Decoding(self._session, rows)
            self._read = [len(row) for row in rows]
        else:
            self._decoding.append([text.last for text in self._texts])
            self._read = [count + 1 for count in self._read]
        for text, logits in zip(self._texts, self._decoding.logits, strict=True):
            text.grow(logits)


class Stream:
    """The tokens behind one prompt, an iterator: each is drawn when it is asked for.

    Attributes:
        cut: how many tokens of the prompt's beginning were left out for want of room.

    """

    def __init__(self, session: Session, text: Text, context: int) -> None:
        self._text, self._reading = text, Reading(session, [text], context)
        self.cut = text.prompt.cut

    @property
    def ending(self) -> Ending | None:
        """Why the text ended; None while there is more to come."""
        return self._text.ending

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> int:
        if self.ending:
            raise StopIteration
        self._reading.grow()
        if self.ending == "stop":
            raise StopIteration
        return self._text.last
