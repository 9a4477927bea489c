"""Threads that do what others put into a queue, until they are closed.

Reads and writes nothing. The queue is its owner's, who also says what is done and in which order.
"""

from __future__ import annotations

import time
from threading import Condition, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Workers:
    """One thread or several over one queue.

    Attributes:
        changed: held to look at the queue or to change it; who changes it notifies the threads.
        closed: whether nothing more comes: the threads do what is left, and end.

    """

    def __init__(self, work: Callable[[], None], name: str, count: int = 1) -> None:
        """Make ``count`` threads, each of which calls ``work`` once; :meth:`start` starts them."""
        self.changed, self.closed = Condition(), False
        self._threads = [
            Thread(target=work, name=f"{name}-{number}", daemon=True) for number in range(count)
        ]

    def __len__(self) -> int:
        """Return how many threads there are."""
        return len(self._threads)

    def start(self) -> None:
        """Start the threads: what they work on has to be there."""
        for thread in self._threads:
            thread.start()

    def close(self, patience: float | None = None) -> bool:
        """Close the queue and wait for the threads; tell whether all have ended.

        ``patience``: seconds that it waits at most; None: until they end.
        """
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        until = None if patience is None else time.monotonic() + patience
        for thread in self._threads:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)
