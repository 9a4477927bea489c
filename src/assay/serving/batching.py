"""Rows of many requests in one batch, computed off the event loop.

Reads and writes nothing. A worker that is free takes what waits, at once: an idle server adds no
delay, and while all workers are busy the next batch grows. Requests take turns, so that a small one
never waits for the whole of a large one. What is taken is encoded together and fed to the graph by
the modality's token budget (:meth:`assay.bundle.encoding.Encoded.batches`). Answers are given after
each of the graph's batches: clients that send their next request keep the other workers busy.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.bundle.classifier import BATCH, Answers, softmax
from assay.serving.admission import Queue
from assay.serving.awaited import Awaited, give
from assay.serving.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.bundle.classifier import Classifier, Floats
    from assay.bundle.encoding import Encoded

    Flags = np.ndarray[Any, np.dtype[np.bool_]]

# Rows that a worker takes at a time: what came meanwhile is not kept waiting for longer than that.
MOST_TAKEN = 64
# Rows that wait at most. Past it a request is refused, unless it is the only one.
MOST_QUEUED = 2048
# Weight of the newest batch in the running mean of rows a second.
SMOOTHING = 0.1


@dataclass(frozen=True)
class Predicted:
    """The answers to one request, and what it waited for.

    Attributes:
        answers: of its rows, in their order.
        queued: seconds until the first of its rows was taken.
        computed: seconds from then until the last was answered.

    """

    answers: Answers
    queued: float
    computed: float


@dataclass(eq=False)
class _Job:
    """One request: its rows, how many of them were taken, and the answers so far.

    ``truncated``: by where a piece starts, how many of its rows were cut.
    """

    contents: Sequence[Any]
    client: Awaited[Predicted]
    probabilities: Floats
    unknown: Floats
    answered: Flags
    first: float = 0.0
    taken: int = 0
    truncated: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Piece:
    """Some rows of a job: ``contents[start:stop]``."""

    job: _Job
    start: int
    stop: int

    @property
    def contents(self) -> Sequence[Any]:
        return self.job.contents[self.start : self.stop]

    @property
    def is_answered(self) -> bool:
        return bool(self.job.answered[self.start : self.stop].all())


class Batcher:
    """Worker threads that answer the rows of all requests to one classifier."""

    def __init__(
        self,
        bundle: Classifier,
        *,
        threads: int,
        most_queued: int = MOST_QUEUED,
        count: Callable[[], object] = lambda: None,
    ) -> None:
        """Start ``threads`` workers; ``count`` is told of each batch that the graph has had."""
        self._bundle, self._count = bundle, count
        self._queue = Queue(most_queued, "rows")
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._idle = 0
        self._rate = 0.0
        self._workers = Workers(self._work, "batch", threads)
        self._workers.start()

    @property
    def queued(self) -> int:
        """How many requests have rows that wait to be taken."""
        return len(self._jobs)

    @property
    def is_idle(self) -> bool:
        """Whether no row waits and no worker has one."""
        return self._waiting == 0 and self._idle == len(self._workers)

    async def predict(self, contents: Sequence[Any], *, seconds: float) -> Predicted:
        """Return the answers to one request's rows, within ``seconds``.

        Raises:
            TooMany: too many rows wait already, or these waited for too long.
            NotReady: the batcher was closed.
            UnreadableImage: one of them is no whole image.

        """
        job = _Job(
            contents,
            Awaited(seconds),
            np.zeros((len(contents), len(self._bundle.labels))),
            np.zeros(len(contents)),
            np.zeros(len(contents), dtype=np.bool_),
        )
        if not contents:
            return Predicted(self._answers(job), 0.0, 0.0)
        with self._workers.changed:
            self._admit(len(contents))
            self._jobs.append(job)
            self._waiting += len(contents)
            self._workers.changed.notify(min(len(contents), len(self._workers)))
        return await job.client.future

    def close(self) -> None:
        """Answer what waits, then end the workers."""
        self._workers.close()

    def _admit(self, rows: int) -> None:
        seconds = self._waiting / self._rate if self._rate else 1.0
        self._queue.require_room(self._waiting, rows, closed=self._workers.closed, seconds=seconds)

    def _work(self) -> None:
        while pieces := self._take():
            started = time.monotonic()
            self._answer(pieces)
            self._measure(sum(one.stop - one.start for one in pieces), time.monotonic() - started)

    def _take(self) -> list[_Piece]:
        """Return the rows of the next batch, some of each request; none once all is closed."""
        with self._workers.changed:
            self._idle += 1
            pieces: list[_Piece] = []
            while not pieces:
                while not self._jobs and not self._workers.closed:
                    self._workers.changed.wait()
                if not self._jobs:
                    return []
                pieces = self._some()
            self._idle -= 1
            return pieces

    def _some(self) -> list[_Piece]:
        """Return a fair share of what waits; the idle workers get the rest."""
        share = min(MOST_TAKEN, -(-self._waiting // self._idle))
        now, pieces, turns = time.monotonic(), [], len(self._jobs)
        each = max(1, share // turns)
        while self._jobs and share > 0:
            job = self._jobs.popleft()
            if job.client.has_ended(now):
                self._waiting -= len(job.contents) - job.taken
                continue
            job.first = job.first or now
            stop = min(len(job.contents), job.taken + min(each, share))
            pieces.append(_Piece(job, job.taken, stop))
            share -= stop - job.taken
            self._waiting -= stop - job.taken
            job.taken = stop
            if stop < len(job.contents):
                self._jobs.append(job)
        return pieces

    def _answer(self, pieces: list[_Piece]) -> None:
        """Answer rows together; where that fails, each request's alone to find the faulty one."""
        try:
            self._compute(pieces)
        except Exception as problem:  # of a decoder or the runtime: it belongs to its request
            if len(pieces) == 1:
                pieces[0].job.client.fail(problem)
            else:
                for piece in pieces:
                    if not piece.is_answered:
                        self._answer([piece])

    def _compute(self, pieces: list[_Piece]) -> None:
        rows = [(piece.job, row) for piece in pieces for row in range(piece.start, piece.stop)]
        encoded = self._bundle.encode([job.contents[row] for job, row in rows])
        for piece, cut in zip(pieces, self._truncated(pieces, encoded), strict=True):
            piece.job.truncated[piece.start] = cut
        for places, feeds in encoded.batches(BATCH):
            probabilities = softmax(self._bundle.logits(feeds))
            own = [rows[place] for place in places]
            self._hand_out(own, probabilities, encoded.unknown[places])

    def _truncated(self, pieces: list[_Piece], encoded: Encoded) -> list[int]:
        """Return how many rows of each piece were cut: counted again where any was."""
        if len(pieces) == 1 or not encoded.truncated:
            return [encoded.truncated] * len(pieces)
        return [self._bundle.encode(piece.contents).truncated for piece in pieces]

    def _hand_out(
        self, rows: list[tuple[_Job, int]], probabilities: Floats, unknown: Floats
    ) -> None:
        """Keep the answers to some rows; give each request whose last rows are among them."""
        jobs: dict[_Job, None] = {}  # in their order
        with self._workers.changed:
            self._count()
            for place, (job, row) in enumerate(rows):
                if not job.answered[row]:  # else computed once more, beside a faulty request
                    job.probabilities[row], job.unknown[row] = probabilities[place], unknown[place]
                    job.answered[row] = True
                    jobs[job] = None
            finished = [job for job in jobs if job.answered.all()]
        if finished:
            give([(job.client, self._predicted(job)) for job in finished])

    def _predicted(self, job: _Job) -> Predicted:
        queued, computed = job.first - job.client.begun, time.monotonic() - job.first
        return Predicted(self._answers(job), queued, computed)

    def _answers(self, job: _Job) -> Answers:
        threshold = self._bundle.manifest.threshold
        return Answers(job.probabilities, sum(job.truncated.values()), job.unknown, threshold)

    def _measure(self, rows: int, seconds: float) -> None:
        """Keep the running mean of the rows that all workers answer in a second."""
        rate = rows * len(self._workers) / max(seconds, 1e-6)
        with self._workers.changed:
            self._rate += SMOOTHING * (rate - self._rate) if self._rate else rate
