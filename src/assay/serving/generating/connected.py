"""Work for a client that may go away: it is ended when the connection is.

Reads the messages of a connection whose request was read whole. Writes nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import ClientDisconnect

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from starlette.requests import Request

Found = TypeVar("Found")


async def while_connected(request: Request, work: Coroutine[Any, Any, Found]) -> Found:
    """Return what ``work`` does.

    Raises:
        ClientDisconnect: the client went away before; the work was cancelled.

    """
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        working.cancel()
        watching.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
