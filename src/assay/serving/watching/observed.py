"""What is known of one request, from its first byte to the end of its answer.

Reads the messages between server and application. Writes nothing itself: those that it was given
are told of each request once it has ended, also where the client went away. Never looks at a body
or a query, and at one header alone: ``traceparent``.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assay.asgi import values
from assay.serving.access.callers import KEY as CALLER
from assay.serving.access.callers import Caller
from assay.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.asgi import Application, Message, Receive, Scope, Send

KEY = "assay.observed"
# No answer was begun when the client went away: nginx's number, which log readers know.
CLIENT_GONE = 499
# Letters of a path that are kept: a client may send more.
LONGEST_PATH = 200


@dataclass(slots=True)
class Observed:
    """One request. Routes fill in what they know; the rest stays as it is here.

    Attributes:
        method: of HTTP.
        path: percent-encoded as it came, without the query, cut at :data:`LONGEST_PATH`.
        route: the path as the server calls it, with the names of its parts; empty: no route. Known
            at the end.
        traceparent: the header of W3C Trace Context, as it came; empty: not one, or several.
        began: :func:`time.perf_counter` at its beginning.
        inference: whether a model was asked: metrics of inference count such requests alone.
        model: the name of a model that is served; empty: none. Never a name that is not served.
        version: that answers, as :attr:`assay.serving.served.ServedModel.label`.
        rows: inputs that the request holds; of a generator, prompts.
        client: who asks, as the token's name; empty: nobody in particular. Known at the end.
        queue_seconds: from entering the model's queue until its batch begins.
        input_seconds: parsing and encoding of inputs.
        compute_seconds: in the model's graph; the whole of a batch counts for each request in it.
        output_seconds: making the answer of what the graph gave.
        status: of HTTP; 0 until the answer begins.
        seconds: until the last byte of the answer was handed over; 0 until then.
        gone: whether the client went away before.
        refused: why it was refused, in a word or two of ours; never what the client sent.

    """

    method: str = ""
    path: str = ""
    route: str = ""
    traceparent: str = ""
    began: float = field(default_factory=time.perf_counter)
    inference: bool = False
    model: str = ""
    version: str = ""
    rows: int = 0
    client: str = ""
    queue_seconds: float = 0.0
    input_seconds: float = 0.0
    compute_seconds: float = 0.0
    output_seconds: float = 0.0
    status: int = 0
    seconds: float = 0.0
    gone: bool = False
    refused: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the client got the answer that it asked for, whole."""
        return not self.gone and 200 <= self.status < 400


def observed_of(scope: Scope) -> Observed:
    """Return the record of a request; a new one, which nobody reads, where none is kept."""
    found = scope.setdefault("state", {}).get(KEY)
    return found if isinstance(found, Observed) else Observed()


class Watching:
    """The outermost of the application's middlewares: it follows each request of HTTP."""

    def __init__(self, app: Application, tell: Sequence[Callable[[Observed], object]]) -> None:
        """Take the application, and who is told of each request that has ended.

        ``tell`` is called on the event loop, in order: each returns at once. That one of them fails
        is said once on standard error, and hinders neither the others nor the answer.
        """
        self._app, self._tell = app, tuple(tell)
        self._failed: set[int] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and see how it does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parents = values(scope, b"traceparent")
        parent = parents[0] if len(parents) == 1 else ""
        found = Observed(method=scope["method"], path=_path(scope), traceparent=parent)
        scope.setdefault("state", {})[KEY] = found
        follow = _Follow(found, receive, send)
        try:
            await self._app(scope, follow.receive, follow.send)
        except asyncio.CancelledError:
            found.gone = not follow.ended
            raise
        except Exception:
            # Also where an answer had begun: it was not finished.
            found.status = found.status if found.gone else 500
            raise
        finally:
            caller = scope["state"].get(CALLER)
            found.client = caller.name if isinstance(caller, Caller) else ""
            found.route = getattr(scope.get("route"), "path", "")
            self._end(found)

    def _end(self, found: Observed) -> None:
        found.seconds = time.perf_counter() - found.began
        found.status = found.status or (CLIENT_GONE if found.gone else 500)
        for place, tell in enumerate(self._tell):
            try:
                tell(found)
            except Exception as problem:
                self._say(place, problem)

    def _say(self, place: int, problem: Exception) -> None:
        if place not in self._failed:
            self._failed.add(place)
            name = type(problem).__name__
            sys.stderr.write(visible(f"assay: a log or metric of requests fails: {name}\n"))


class _Follow:
    """The messages of one request, as they pass."""

    def __init__(self, found: Observed, receive: Receive, send: Send) -> None:
        self._found, self._receive, self._send = found, receive, send
        self.ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self.ended:
            self._found.gone = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._found.status = message["status"]
        try:
            await self._send(message)
        except OSError:
            self._found.gone = True
            raise
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.ended = True


def _path(scope: Scope) -> str:
    """Return the path as it came: ASCII, so that nothing in it is obeyed by whoever reads it."""
    raw = scope.get("raw_path") or scope["path"].encode("utf-8", "backslashreplace")
    path, _, _ = raw.partition(b"?")
    return str(path[:LONGEST_PATH].decode("ascii", "backslashreplace"))
