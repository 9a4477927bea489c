from __future__ import annotations

import threading
from collections import deque

from assay.serving.workers import Workers

PATIENCE = 20.0


class Doubled:
    """A queue of numbers, each of which the threads double."""

    def __init__(self, count: int) -> None:
        self.waiting: deque[int] = deque()
        self.found: list[int] = []
        self.workers = Workers(self.work, "double", count)

    def put(self, number: int) -> None:
        with self.workers.changed:
            self.waiting.append(number)
            self.workers.changed.notify()

    def work(self) -> None:
        while (number := self.take()) is not None:
            self.found.append(2 * number)

    def take(self) -> int | None:
        with self.workers.changed:
            self.workers.changed.wait_for(lambda: self.waiting or self.workers.closed)
            return self.waiting.popleft() if self.waiting else None


def test_what_waits_is_done_before_the_threads_end() -> None:
    queue = Doubled(3)
    assert len(queue.workers) == 3
    for number in range(100):
        queue.put(number)
    queue.workers.start()
    assert queue.workers.close()
    assert sorted(queue.found) == list(range(0, 200, 2))
    assert not [one for one in threading.enumerate() if one.name.startswith("double")]


def test_closing_waits_no_longer_than_it_may() -> None:
    held, begun = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        held.wait(PATIENCE)

    workers = Workers(work, "held")
    workers.start()
    assert begun.wait(PATIENCE)
    assert not workers.close(0.01)
    held.set()
    assert workers.close(PATIENCE)
