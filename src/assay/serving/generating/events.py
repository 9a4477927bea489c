"""Answers that are sent piece by piece, as server-sent events.

Writes to the connection, in the form of the HTML standard: ``data: {...}`` and an empty line. The
first piece is awaited before the answer begins, so that what goes wrong until then has a status of
its own.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import StreamingResponse

from assay.serving.generating.asking import answering
from assay.serving.generating.connected import while_connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from assay.serving.generating.asking import Answering, Make, Which
    from assay.serving.generating.writing import Writing

DONE = b"data: [DONE]\n\n"


class Events(StreamingResponse):
    """An answer during which a model is kept, and writes no longer than it lasts."""

    def __init__(
        self, events: AsyncIterator[bytes], kept: AsyncExitStack, headers: dict[str, str]
    ) -> None:
        """Send ``events``; then, or when the client goes away, close what is ``kept``."""
        # A proxy that gathers an answer would undo the streaming.
        plain = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(events, headers=plain | headers, media_type="text/event-stream")
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        async with self._kept:
            await super().__call__(scope, receive, send)


async def streamed(
    request: Request,
    which: Which,
    make: Make,
    events: Callable[[Answering, AsyncIterator[str]], AsyncIterator[bytes]],
) -> Events:
    """Return the answer that ``events`` makes of the pieces that a model writes.

    Raises:
        Forbidden, NotFound, NotReady, BadRequest, TooMany: no piece was written.
        ClientDisconnect: the client went away before.

    """
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(answering(request, which, make))
        first = await while_connected(request, _first(found.writing))
        pieces = _all(first, found.writing)
        return Events(events(found, pieces), stack.pop_all(), found.headers)


def event(content: dict[str, Any]) -> bytes:
    """Return one event."""
    return b"data: " + orjson.dumps(content) + b"\n\n"


async def _first(writing: Writing) -> str | None:
    return await anext(writing, None)


async def _all(first: str | None, writing: Writing) -> AsyncIterator[str]:
    if first is not None:
        yield first
    async for piece in writing:
        yield piece
