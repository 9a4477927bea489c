"""Images of many clients, drawn by one generator off the event loop.

Reads and writes nothing. Requests are answered in the order in which they came, each whole: how
much one may ask is bounded (:mod:`assay.serving.contents.drawings`). A request that nobody waits
for any longer is not computed.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.serving.admission import Queue
from assay.serving.awaited import Awaited, give
from assay.serving.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.bundle.image_generator import ImageGenerator, Pixels
    from assay.serving.contents.drawings import Drawing

# Images that wait at most. Past it a request is refused, unless it is the only one.
MOST_QUEUED = 2048
# Weight of the newest request in the running mean of seconds an image.
SMOOTHING = 0.1


@dataclass(frozen=True)
class Drawn:
    """The images of one request, and what it waited for.

    Attributes:
        images: uint8 of shape (images, height, width, channels).
        queued: seconds until they were begun.
        computed: seconds from then on.

    """

    images: Pixels
    queued: float
    computed: float


@dataclass(frozen=True)
class _Job:
    drawing: Drawing
    client: Awaited[Drawn]


class Drawer:
    """A worker thread that draws the images of all requests to one generator.

    It is one: the graph computes on several threads by itself.
    """

    def __init__(
        self,
        bundle: ImageGenerator,
        *,
        most_queued: int = MOST_QUEUED,
        count: Callable[[], object] = lambda: None,
    ) -> None:
        """Start the worker; ``count`` is told of each request that it draws for."""
        self._bundle, self._count = bundle, count
        self._queue = Queue(most_queued, "images")
        self._jobs: deque[_Job] = deque()
        self._waiting, self._seconds = 0, 0.0
        self._is_drawing = False
        self._worker = Workers(self._work, "draw")
        self._worker.start()

    @property
    def queued(self) -> int:
        """How many requests wait."""
        return len(self._jobs)

    @property
    def is_idle(self) -> bool:
        """Whether no request waits and none is drawn for."""
        return not self._jobs and not self._is_drawing

    async def draw(self, drawing: Drawing, *, seconds: float) -> Drawn:
        """Return the images of one request, begun within ``seconds``.

        Raises:
            TooMany: too many images wait already, or these waited for too long.
            NotReady: the drawer was closed.

        """
        job = _Job(drawing, Awaited(seconds))
        with self._worker.changed:
            self._admit(drawing.count)
            self._jobs.append(job)
            self._waiting += drawing.count
            self._worker.changed.notify()
        return await job.client.future

    def close(self) -> None:
        """Draw what waits, then end the worker."""
        self._worker.close()

    def _admit(self, images: int) -> None:
        seconds = self._waiting * self._seconds or 1.0
        self._queue.require_room(self._waiting, images, closed=self._worker.closed, seconds=seconds)

    def _work(self) -> None:
        while (job := self._take()) is not None:
            try:
                self._draw(job)
            except Exception as problem:  # of the runtime: it belongs to its request
                job.client.fail(problem)

    def _take(self) -> _Job | None:
        """Return the next request that somebody waits for; None once all is closed."""
        with self._worker.changed:
            self._is_drawing = False
            while True:
                self._worker.changed.wait_for(lambda: self._jobs or self._worker.closed)
                if not self._jobs:
                    return None
                job = self._jobs.popleft()
                self._waiting -= job.drawing.count
                if not job.client.has_ended(time.monotonic()):
                    self._is_drawing = True
                    return job

    def _draw(self, job: _Job) -> None:
        began, drawing = time.monotonic(), job.drawing
        images = self._bundle.sample(drawing.count, drawing.seed)
        seconds = time.monotonic() - began
        self._seconds += SMOOTHING * (seconds / drawing.count - self._seconds)
        self._count()
        give([(job.client, Drawn(images, began - job.client.begun, seconds))])
