"""A connection that no client holds open by doing nothing, or by sending what never ends.

Uvicorn's HTTP/1.1 over httptools, with the bounds that it lacks: it ends a connection that is
silent between two requests, and waits for ever for the first one, for the rest of a head, for the
rest of a body that nobody reads any more, and for a client that takes no answer.

Reads what clients send. Writes, before the application has the request, refusals of its own.
A server is told to use it: ``uvicorn.Config(..., http=Connection, ws="none")``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, NoReturn

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from assay.serving.access.headers import HEADERS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn.config import Config
    from uvicorn.server import ServerState

BAD_REQUEST, TOO_SLOW, TOO_LARGE = 400, 408, 431
NO_UPGRADE = "this server speaks HTTP/1.1 alone: send the request without Upgrade"


class Unfit(Exception):
    """A request that the parser need not go on with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Connection(HttpToolsProtocol):
    """One client's connection.

    Attributes:
        head_seconds: for the first request, and from the first byte of a head to its last.
        rest_seconds: for the rest of a body whose request is answered: it is read and dropped, for
            a client that is still sending takes no answer (RFC 9112, 9.6).
        write_seconds: for a client to take what was written.
        head_size: bytes of a head, of headers behind a body, and of anything that does not end; up
            to what is read at once (256 KiB) more may have come until it is noticed.

    """

    head_seconds: ClassVar[float] = 10.0
    rest_seconds: ClassVar[float] = 2.0
    write_seconds: ClassVar[float] = 30.0
    head_size: ClassVar[int] = 64 * 1024

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn makes it."""
        super().__init__(config, server_state, app_state, _loop)
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head = 0  # bytes of this request's head, and of headers behind its body
        self._nameless = 0  # bytes since the parser last found something in them
        self._unfit: Unfit | None = None
        self._is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, and not for ever."""
        super().connection_made(transport)
        self._expect_more(self.head_seconds, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind, which would hold the connection's memory."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()
        self._expect_nothing()
        self._stop_writing_timer()

    def data_received(self, data: bytes) -> None:
        """Parse what came; then wait for the rest of a head, if that is where it ends."""
        if self._is_refused:
            return
        self._nameless += len(data)
        super().data_received(data)
        if self._is_refused or self.transport.is_closing():
            return
        if self._nameless > self.head_size:
            self._refuse(self._too_large())
        elif self._reading is None and self._is_idle():
            self._expect_more(self.head_seconds, self._give_up)

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._in_head, self._head, self._nameless = True, 0, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header; behind a body they come as well."""
        self._count(len(name) + len(value) + len(b": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Pass the request on.

        Not one that wants another protocol: it might be answered as if it did not (RFC 9110, 7.8),
        but httptools drops its body, or takes it for the next request.
        """
        self._in_head, self._nameless = False, 0
        self._expect_nothing()
        if self.parser.should_upgrade():
            self._stop(Unfit(BAD_REQUEST, NO_UPGRADE))
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._nameless = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        super().on_message_complete()
        if self._is_idle():
            self._expect_nothing()

    def on_response_complete(self) -> None:
        """Wait for the next request: behind the rest of this one's body, if there is one."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._expect_more(self.write_seconds, self.transport.abort)
        elif self._is_idle() and self.cycle.more_body:
            self._expect_more(self.rest_seconds, self._end)

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that is silent between two requests."""
        if not self.transport.is_closing():
            self._end()

    def pause_writing(self) -> None:
        """Wait for the client to take what was written, and not for ever."""
        super().pause_writing()
        self._writing = self.loop.call_later(self.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client took it."""
        super().resume_writing()
        self._stop_writing_timer()

    def send_400_response(self, msg: str) -> None:
        """Refuse a request with which the parser, or one of its calls above, did not go on."""
        self._refuse(self._unfit or Unfit(BAD_REQUEST, msg))

    def _count(self, size: int) -> None:
        self._head += size
        self._nameless = 0
        if self._head > self.head_size:
            self._stop(self._too_large())

    def _stop(self, unfit: Unfit) -> NoReturn:
        """Make the parser stop, which passes on that something was raised, but not what."""
        self._unfit = unfit
        raise unfit

    def _is_idle(self) -> bool:
        """Return whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _expect_more(self, seconds: float, otherwise: Callable[[], None]) -> None:
        self._expect_nothing()
        self._reading = self.loop.call_later(seconds, otherwise)

    def _expect_nothing(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _stop_writing_timer(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def _give_up(self) -> None:
        if self._in_head:
            seconds = f"{self.head_seconds:g} seconds"
            self._refuse(Unfit(TOO_SLOW, f"the head of a request must come within {seconds}"))
        else:
            self._end()

    def _too_large(self) -> Unfit:
        return Unfit(TOO_LARGE, f"the head of a request has at most {self.head_size:,} bytes")

    def _refuse(self, unfit: Unfit) -> None:
        """Answer what the application doesn't get to see; end the connection when that is read."""
        if not self._is_idle():
            if self.pipeline or self.cycle.response_started:
                self.transport.abort()  # the client sees that the answer is cut off
                return
            self.cycle.disconnected = True  # nothing else is written here
            self.cycle.message_event.set()
        self._is_refused = True
        self.transport.write(self._answer(unfit))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        # Closed at once, under a client that is sending, it would take the answer with it.
        self._expect_more(self.rest_seconds, self._end)

    def _answer(self, unfit: Unfit) -> bytes:
        body = json.dumps({"error": unfit.sentence}).encode()
        told = (
            *self.server_state.default_headers,
            *HEADERS,
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        )
        lines = b"".join(b"%s: %s\r\n" % header for header in told)
        return STATUS_LINE[unfit.status] + lines + b"\r\n" + body

    def _end(self) -> None:
        """Close the connection; a client that doesn't take what was written is cut off."""
        self.transport.close()
        self._expect_more(self.write_seconds, self.transport.abort)
