"""No body beyond a bound: neither in bytes as sent, nor inflated, nor in time.

An ASGI application around another one. Reads the headers and, as the application asks for it, the
body of a request. Writes nothing: raises refusals, which
:class:`assay.serving.access.faults.Faults` turns into answers.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.asgi import values
from assay.serving.access.inflating import STEP, Inflater
from assay.serving.refusals import BadRequest, TooLarge, TooSlow

if TYPE_CHECKING:
    from assay.asgi import Application, Message, Receive, Scope, Send

ENCODING, LENGTH = b"content-encoding", b"content-length"
PLAIN = "identity"


@dataclass(frozen=True)
class Bounds:
    """What a body may be.

    Attributes:
        size: bytes, as sent and inflated.
        pause: seconds without a byte.
        whole: seconds from the first to the last, as long as the server waits for them.

    """

    size: int = 16 * 2**20
    pause: float = 10.0
    whole: float = 60.0


class Bodies:
    """Lets the application read bodies that stay within bounds, uncompressed."""

    def __init__(self, application: Application, bounds: Bounds) -> None:
        """Guard ``application``."""
        self._application, self._bounds = application, bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, whose body the application then reads through the bounds.

        Raises:
            TooLarge: it says to be too long, before a byte is read; or it turned out to be.
            TooSlow: the next byte or the last one took too long.
            UnsupportedEncoding: it is compressed in another way than is read.
            BadRequest: it is not compressed as it says, or its length is no number.

        """
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        self._require_short(scope)
        inflater = _inflater(scope)
        body = _Timed(receive, self._bounds)
        reading = body if inflater is None else _Inflated(body, inflater, self._bounds.size)
        await self._application(scope, reading, send)

    def _require_short(self, scope: Scope) -> None:
        lengths = values(scope, LENGTH)
        if len(lengths) > 1 or not all(length.isascii() and length.isdigit() for length in lengths):
            raise BadRequest("Content-Length is one whole number")
        if lengths and (len(lengths[0]) > 18 or int(lengths[0]) > self._bounds.size):
            raise _too_large(self._bounds.size)


class _Timed:
    """A body as it was sent: ``receive`` of ASGI, within the bounds."""

    def __init__(self, receive: Receive, bounds: Bounds) -> None:
        self._receive, self._bounds = receive, bounds
        self._ends: float | None = None  # by the loop's clock
        self._size = 0
        self._is_whole = False

    async def __call__(self) -> Message:
        if self._is_whole:
            return await self._receive()  # until the client has gone
        message = await self._in_time()
        self._size += len(message.get("body", b""))
        if self._size > self._bounds.size:
            raise _too_large(self._bounds.size)
        self._is_whole = not message.get("more_body", False)
        return message

    async def _in_time(self) -> Message:
        now = asyncio.get_running_loop().time()
        if self._ends is None:
            self._ends = now + self._bounds.whole
        try:
            async with asyncio.timeout_at(min(now + self._bounds.pause, self._ends)):
                return await self._receive()
        except TimeoutError:
            raise TooSlow(
                f"the body must come within {self._bounds.whole:g} seconds, without a pause of "
                f"{self._bounds.pause:g}"
            ) from None


class _Inflated:
    """A compressed body, inflated: the same, in steps, between which other requests have a turn."""

    def __init__(self, body: _Timed, inflater: Inflater, limit: int) -> None:
        self._body, self._inflater, self._limit = body, inflater, limit
        self._size = 0
        self._is_last, self._is_whole = False, False

    async def __call__(self) -> Message:
        if self._is_whole:
            return await self._body()
        while not (inflated := self._inflater.step()):
            if self._is_last:
                self._inflater.require_whole()
                self._is_whole = True
                break
            message = await self._body()
            if message["type"] != "http.request":
                return message
            self._inflater.feed(message.get("body", b""))
            self._is_last = not message.get("more_body", False)
        self._size += len(inflated)
        if self._size > self._limit:
            raise _too_large(self._limit)
        if len(inflated) == STEP:
            await asyncio.sleep(0)
        return {"type": "http.request", "body": inflated, "more_body": not self._is_whole}


def _inflater(scope: Scope) -> Inflater | None:
    """Return what inflates a request's body; leave no header that tells of it as it was sent."""
    encodings = [value.strip().lower() for value in values(scope, ENCODING)]
    if encodings in ([], [PLAIN]):
        return None
    inflater = Inflater(", ".join(encodings))
    scope["headers"] = [
        header for header in scope["headers"] if header[0] not in (ENCODING, LENGTH)
    ]
    return inflater


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"a body has at most {limit:,} bytes, compressed or not")
