"""Clients on the event loop that wait for what a thread computes, each until its deadline.

Reads and writes nothing.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from assay.serving.refusals import TooMany

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Awaited(Generic[T]):
    """One request's result: made and awaited on the event loop, given or refused by a thread."""

    def __init__(self, seconds: float) -> None:
        """Begin to wait, for ``seconds`` at most until the work begins."""
        self.begun = time.monotonic()
        self._deadline = self.begun + seconds
        self.future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def has_ended(self, now: float) -> bool:
        """Tell whether nobody waits any longer; who waited past the deadline is refused."""
        if now > self._deadline:
            waited = now - self.begun
            self.fail(TooMany(f"the request waited for {waited:.1f} s, its deadline", waited))
            return True
        return self.future.done()

    def fail(self, problem: Exception) -> None:
        """Refuse the request, unless its client went away."""

        def tell() -> None:
            if not self.future.done():
                self.future.set_exception(problem)

        self.future.get_loop().call_soon_threadsafe(tell)


def give(results: Sequence[tuple[Awaited[T], T]]) -> None:
    """Give clients of one event loop their results, at once."""

    def tell() -> None:
        for client, result in results:
            if not client.future.done():
                client.future.set_result(result)

    results[0][0].future.get_loop().call_soon_threadsafe(tell)
