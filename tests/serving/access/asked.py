"""Asks an ASGI application one thing, without a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assay.asgi import Application, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Answer:
    """What an application sent, and the request's scope after it did."""

    status: int
    headers: dict[str, str]
    body: bytes
    scope: dict[str, Any]

    @property
    def error(self) -> str:
        """The sentence of a refusal."""
        content = orjson.loads(self.body)
        assert list(content) == ["error"]
        assert self.headers["content-type"] == "application/json"
        return str(content["error"])


@dataclass
class Reached:
    """An application that reads a whole body and answers with it; it knows what reached it."""

    bodies: list[bytes] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


def scope(
    path: str = "/",
    *headers: tuple[str, str],
    method: str = "POST",
    client: tuple[str, int] | None = ("127.0.0.1", 4),
) -> dict[str, Any]:
    """Return the scope of a request."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode().lower(), value.encode("latin-1")) for name, value in headers],
        "client": client,
        "state": {},
    }


def ask(
    application: Application,
    path: str = "/",
    *headers: tuple[str, str],
    body: Sequence[bytes] = (b"",),
    **how: Any,
) -> Answer:
    """Return what an application answers to one request."""
    return asyncio.run(asking(application, scope(path, *headers, **how), body))


async def asking(application: Application, asked: dict[str, Any], body: Iterable[bytes]) -> Answer:
    """Return what an application answers to one request, within a loop."""
    sent: list[Message] = []
    parts = list(body)

    async def receive() -> Message:
        if not parts:
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: Message) -> None:
        sent.append(message)

    await application(asked, receive, send)
    start, *rest = sent
    headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    assert len(headers) == len(start["headers"])
    return Answer(start["status"], headers, b"".join(part["body"] for part in rest), asked)
