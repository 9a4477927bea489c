"""Every refusal and every fault becomes an answer: ``{"error": sentence}``.

An ASGI application around another one. Reads what is raised. Writes the answer, and for a fault of
ours a line of the log with the kind of the exception and where it was raised: neither its message,
which may quote what a client sent, nor anything of the request.
"""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from assay.asgi import values
from assay.serving.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.asgi import Application, Message, Receive, Scope, Send

FAULT = "the server failed at this request; its log says where"

log = logging.getLogger("assay.serving")


class Faults:
    """Answers what the application raises."""

    def __init__(self, application: Application) -> None:
        """Let ``application`` answer, as far as it does."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        What is raised after an answer has begun leaves it unfinished: the server then closes the
        connection, and the client sees that something is missing.
        """
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._application(scope, receive, noted)
        except Exception as problem:
            status, sentence, headers = _told(scope, problem)
            if not begun and not isinstance(problem, ClientDisconnect):
                await _answer(scope, send, status, sentence, headers)


def _told(scope: Scope, problem: Exception) -> tuple[int, str, Mapping[str, str]]:
    """Return the status, the sentence and the headers that a client gets for an exception."""
    if isinstance(problem, Refusal):
        return problem.status, str(problem), problem.headers
    if isinstance(problem, HTTPException):  # what the router raises: no such path, no such method
        return problem.status_code, problem.detail, problem.headers or {}
    if not isinstance(problem, ClientDisconnect):
        log.error("%s failed: %s", scope["method"], _place(problem))
    return 500, FAULT, {}


def _place(problem: BaseException) -> str:
    """Return an exception's kind and where it came from, without a word of its message."""
    frames = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(problem.__traceback__)
    ]
    cause = problem.__cause__ or problem.__context__
    because = f", after {_place(cause)}" if cause else ""
    return f"{type(problem).__name__} in {' > '.join(frames)}{because}"


async def _answer(
    scope: Scope, send: Send, status: int, sentence: str, headers: Mapping[str, str]
) -> None:
    body = json.dumps({"error": sentence}, ensure_ascii=False).encode()
    told = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode("latin-1")) for name, value in headers.items()),
    ]
    if values(scope, b"expect"):
        # The client waits with its body, and now keeps it: what it sends next is another request,
        # which this connection would take for the body (RFC 9110, 10.1.1).
        told.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})
