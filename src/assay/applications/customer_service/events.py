"""An answer that comes in pieces: server-sent events, each with JSON on one line.

Reads and writes nothing. HTML Living Standard, 9.2 "Server-sent events".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from starlette.types import Receive, Scope, Send

    Emit = Callable[[str, dict[str, Any]], Coroutine[Any, Any, None]]

EVENTS = "text/event-stream"


class EventStream(Response):
    """Answers with what ``produce`` emits, as it does."""

    media_type = EVENTS

    def __init__(self, produce: Callable[[Emit], Awaitable[None]]) -> None:
        """Take what emits the events; it is called when the answer begins."""
        super().__init__()
        del self.headers["content-length"]  # nobody knows it yet
        self._produce = produce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, each event, and the end."""

        async def emit(name: str, content: dict[str, Any]) -> None:
            # JSON has no line break of its own, which would end the event.
            text = f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"
            body = {"type": "http.response.body", "body": text.encode(), "more_body": True}
            await send(body)

        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(head)
        await self._produce(emit)
        await send({"type": "http.response.body", "body": b""})
