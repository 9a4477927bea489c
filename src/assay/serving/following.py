"""The ledger, looked at twice a second: whoever serves by it acts on what was decided.

Reads the time and size of the ledger's file. Writes nothing. Runs on the event loop.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from assay.paths import LEDGER
from assay.progress import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

# Seconds between two looks, which cost a stat of one file.
POLL = 0.5
# After a look that failed: to act may mean to open models again.
AFTER_FAILURE = 5.0
# The ledger's time and size; (0, 0): there is none.
Stamp = tuple[int, int]


class Follower:
    """Acts on the ledger as it is, and again each time that it has changed."""

    def __init__(self, act: Callable[[], Awaitable[None]], seen: Stamp | None = None) -> None:
        """Call ``act`` whenever the ledger is not as it was ``seen``; None: it never was."""
        self._act, self._seen = act, seen

    async def look(self) -> None:
        """Act if the ledger has changed since the last look."""
        found = stamp()
        if found == self._seen:
            return
        await self._act()
        self._seen = found

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Look again and again as long as the context lasts."""
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            pause = POLL
            try:
                await self.look()
            except Exception as problem:  # one look that fails must not end all later ones
                say(f"serving: what is served can't be looked up: {type(problem).__name__}")
                pause = AFTER_FAILURE
            await asyncio.sleep(pause)


def stamp() -> Stamp:
    """Return the ledger's time and size."""
    try:
        found = LEDGER.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
