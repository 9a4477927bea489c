"""One text that a model writes for a client, as the event loop sees it.

Reads and writes nothing. A thread of :mod:`assay.serving.generating.writer` gives the pieces.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from assay.serving.refusals import TooMany

if TYPE_CHECKING:
    from assay.bundle.generated import Ending
    from assay.bundle.sampling import Sampling
    from assay.serving.generating.prompts import Prompt


@dataclass(frozen=True)
class Asked:
    """What a client asks for.

    Attributes:
        prompt: what the text follows.
        max_tokens: how many tokens it has at most.
        sampling: how they are drawn.
        stop: texts before which it ends.

    """

    prompt: Prompt
    max_tokens: int
    sampling: Sampling
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """What is known of a text once it has ended.

    Attributes:
        prompt_tokens: how many the prompt has.
        tokens: how many the text has.
        ending: why it ended.
        queued: seconds until a thread began with it.
        computed: seconds that threads worked on it.

    """

    prompt_tokens: int
    tokens: int
    ending: Ending
    queued: float
    computed: float


class Writing:
    """An asynchronous iterator of a text's pieces; leaving its context stops the computing.

    Attributes:
        asked: what the client asks for.
        came: :func:`time.monotonic` when it did.
        is_wanted: whether somebody still waits for the text.
        written: what is known of it; None until it has ended.

    """

    def __init__(self, asked: Asked, seconds: float) -> None:
        """Wait for the whole text no longer than ``seconds``. Made on the event loop."""
        self.asked, self.came, self.is_wanted = asked, time.monotonic(), True
        self.written: Written | None = None
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + seconds
        self._found: asyncio.Queue[str | Written | Exception] = asyncio.Queue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.is_wanted = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        """Return the next piece.

        Raises:
            BadRequest: the model can't follow this prompt.
            TooMany: the deadline passed before the text ended.

        """
        if self.written is not None:
            raise StopAsyncIteration
        try:
            async with asyncio.timeout_at(self._deadline):
                found = await self._found.get()
        except TimeoutError as problem:
            self.is_wanted = False
            raise TooMany(
                f"the text was not finished within {self._seconds:g} s: ask for fewer tokens",
                self._seconds,
            ) from problem
        if isinstance(found, Exception):
            raise found
        if isinstance(found, Written):
            self.written = found
            raise StopAsyncIteration
        return found

    async def text(self) -> str:
        """Return the whole text.

        Raises:
            BadRequest, TooMany: as each piece.

        """
        return "".join([piece async for piece in self])

    def give(self, found: str | Written | Exception) -> None:
        """Hand over a piece, the end, or why there is none. Called by a thread."""
        try:
            self._loop.call_soon_threadsafe(self._found.put_nowait, found)
        except RuntimeError:  # the loop was closed: nobody waits
            self.is_wanted = False
