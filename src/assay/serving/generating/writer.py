"""Texts of many clients, written by one language model off the event loop.

Reads and writes nothing. Few texts are under way at a time, each with a cache of its own in memory;
they take turns, a piece each, so that no client waits for another one's whole text. The others wait
in a queue that is bounded. A text that nobody waits for any longer is not computed on.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.bundle.streamed import Streamed
from assay.errors import UsageError
from assay.serving.generating.prompts import TooLong, characters, encoded
from assay.serving.generating.writing import Writing, Written
from assay.serving.refusals import BadRequest, NotReady, TooMany
from assay.serving.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.bundle.generated import Ending, Stream
    from assay.bundle.language_model import LanguageModel
    from assay.serving.generating.writing import Asked

# Weight of the newest text in the running mean of seconds a text.
SMOOTHING = 0.2


@dataclass(frozen=True)
class Limits:
    """How much one request may ask, and how many may be asked at a time.

    Attributes:
        characters: of a prompt.
        tokens: of a text that is written.
        together: texts under way at a time.
        waiting: texts that wait to be begun.
        seconds: from asking for a text to its end.

    """

    characters: int = 100_000
    tokens: int = 2048
    together: int = 4
    waiting: int = 32
    seconds: float = 120.0


class Writer:
    """Threads that write the texts of all requests to one language model."""

    def __init__(
        self, model: LanguageModel, *, threads: int = 1, limits: Limits | None = None
    ) -> None:
        """Start ``threads`` workers, each with one text at a time in its hands.

        One step of the model may run on several threads by itself: see
        :meth:`assay.bundle.language_model.LanguageModel.open`.
        """
        self.model, self.limits = model, limits or Limits()
        self._waiting: deque[Writing] = deque()
        self._ready: deque[_Job] = deque()
        self._under_way = 0
        self._seconds = 1.0
        self._workers = Workers(self._work, "write", threads)
        self._workers.start()

    @property
    def queued(self) -> int:
        """How many texts wait to be begun."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many texts are under way."""
        return self._under_way

    @property
    def is_idle(self) -> bool:
        """Whether no text waits and none is under way."""
        return not self.queued and not self.running

    def write(self, asked: Asked) -> Writing:
        """Return a text that will be written; called on the event loop.

        Use it as a context: the model computes no longer than the context lasts.

        Raises:
            BadRequest: the prompt is too long, or more tokens are asked for than one may.
            TooMany: too many texts wait already.
            NotReady: the writer was closed.

        """
        self._require_small(asked)
        with self._workers.changed:
            if self._workers.closed:
                raise NotReady("this version of the model is no longer served: ask again")
            if len(self._waiting) >= self.limits.waiting:
                self._waiting = deque(one for one in self._waiting if one.is_wanted)
            if len(self._waiting) >= self.limits.waiting:
                raise TooMany(
                    f"{len(self._waiting)} texts wait already, which are the most",
                    self._seconds * len(self._waiting) / self.limits.together,
                )
            found = Writing(asked, self.limits.seconds)
            self._waiting.append(found)
            self._workers.changed.notify()
        return found

    def close(self) -> None:
        """Write what waits and what is under way, then end the workers."""
        self._workers.close()

    def _require_small(self, asked: Asked) -> None:
        if (length := characters(asked.prompt)) > self.limits.characters:
            raise TooLong(
                f"the prompt has {length:,} characters, and {self.limits.characters:,} are the most"
            )
        if not 1 <= asked.max_tokens <= self.limits.tokens:
            raise BadRequest(
                f"{asked.max_tokens:,} tokens can't be asked for: expected 1 to "
                f"{self.limits.tokens:,}"
            )

    def _work(self) -> None:
        while (job := self._take()) is not None:
            more = job.turn(self.model)
            with self._workers.changed:
                if more:
                    self._ready.append(job)
                else:
                    self._under_way -= 1
                    self._seconds += SMOOTHING * (job.computed - self._seconds)
                # A text may be begun now, or all of them have ended.
                self._workers.changed.notify_all()

    def _take(self) -> _Job | None:
        """Return the text whose turn it is; None once the writer is closed and all have ended."""
        with self._workers.changed:
            while True:
                if self._waiting and self._under_way < self.limits.together:
                    self._under_way += 1
                    return _Job(self._waiting.popleft())
                if self._ready:
                    return self._ready.popleft()
                if self._workers.closed and not self._under_way:
                    return None
                self._workers.changed.wait()


class _Job:
    """A text that was begun, as a worker has it."""

    def __init__(self, writing: Writing) -> None:
        self.writing, self.computed = writing, 0.0
        self._queued = time.monotonic() - writing.came
        self._prompt_tokens = 0
        self._streamed: Streamed | None = None
        self._pieces: Iterator[str] = iter(())

    def turn(self, model: LanguageModel) -> bool:
        """Write the next piece; return whether there is more to come."""
        started = time.monotonic()
        try:
            piece = self._next(model)
        except Exception as problem:  # of tokenizer or runtime: it belongs to its request
            self.writing.give(problem)
            return False
        finally:
            self.computed += time.monotonic() - started
        if piece is not None:
            self.writing.give(piece)
        elif self.writing.is_wanted:
            self.writing.give(self._written())
        return piece is not None

    def _next(self, model: LanguageModel) -> str | None:
        if not self.writing.is_wanted:
            return None
        if self._streamed is None:
            self._streamed = self._begun(model)
            self._pieces = iter(self._streamed)
        return next(self._pieces, None)

    def _begun(self, model: LanguageModel) -> Streamed:
        asked = self.writing.asked
        ids = encoded(asked.prompt, model.tokenizer)
        self._prompt_tokens = len(ids)
        if len(ids) > model.generator.context:
            raise TooLong(
                f"the prompt has {len(ids):,} tokens, and the model reads "
                f"{model.generator.context:,} at most"
            )
        try:
            stream = model.generator.stream(ids, asked.max_tokens, asked.sampling)
        except UsageError as problem:
            raise BadRequest(f"{problem.found}; expected {problem.expected}") from problem
        return Streamed(_Wanted(stream, self.writing), model.tokenizer.decode, asked.stop)

    def _written(self) -> Written:
        assert self._streamed is not None  # noqa: S101  it ended
        ending = self._streamed.ending
        assert ending is not None  # noqa: S101
        tokens = self._streamed.tokens
        return Written(self._prompt_tokens, tokens, ending, self._queued, self.computed)


class _Wanted:
    """A stream of tokens that ends when nobody waits for its text any longer."""

    def __init__(self, stream: Stream, writing: Writing) -> None:
        self._stream, self._writing, self.cut = stream, writing, stream.cut

    @property
    def ending(self) -> Ending | None:
        return self._stream.ending

    def __iter__(self) -> Iterator[int]:
        while self._writing.is_wanted:
            token = next(self._stream, None)
            if token is None:
                return
            yield token
