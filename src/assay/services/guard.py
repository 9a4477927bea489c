"""What every request to a service passes first: right host, no foreign page, the credential.

An ASGI application around another one. Reads a request's headers. Writes refusals, and nothing
else; never reads a body.

A page of another site can send requests to a port of this machine with the user's browser. Two
headers give it away, which no page can change: ``Origin`` says which site a request comes from, and
``Host`` which name was asked for, when that site's name was made to lead here ("DNS rebinding").
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]

CLOSED_BY_POLICY = 1008  # RFC 6455, 7.4.1
ASK = (b"www-authenticate", b'Basic realm="assay", charset="UTF-8"')


class Guard:
    """Lets through what comes from this machine's own pages and programs."""

    def __init__(
        self,
        application: Application,
        hosts: Iterable[str],
        authorization: str | None = None,
        open_paths: Iterable[str] = (),
    ) -> None:
        """Guard ``application``, which answers at ``hosts``: names with a port, as ``Host`` has it.

        With ``authorization`` (the header's whole value), each request must bear it, but a GET of
        ``open_paths``.
        """
        self._application = application
        self._hosts = frozenset(hosts)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._authorization = authorization.encode() if authorization else None
        self._open = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let the application do so."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": CLOSED_BY_POLICY})
        else:
            await _answer(send, *refusal)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return 403, f"this service answers at {' and '.join(sorted(self._hosts))} alone"
        if not self._origins.issuperset(origins):
            return 403, "this service takes no requests from pages of other sites"
        if self._authorization is None or self._is_open(scope):
            return None
        given = _values(scope, b"authorization")
        if len(given) == 1 and hmac.compare_digest(given[0].encode(), self._authorization):
            return None
        return 401, "this service wants the user name and password in .assay/credential"

    def _is_open(self, scope: Scope) -> bool:
        return scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in self._open


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


async def _answer(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == 401:
        headers.append(ASK)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
