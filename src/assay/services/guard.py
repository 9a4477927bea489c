"""What every request to a service passes first: right host, no foreign page, the credential.

An ASGI application around another one. Reads a request's headers. Writes refusals, and nothing
else; never reads a body.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from assay.asgi import values
from assay.origins import Names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.asgi import Application, Receive, Scope, Send

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
        self._names = Names(hosts)
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
        if foreign := self._names.refusal(scope):
            return 403, foreign
        if self._authorization is None or self._is_open(scope):
            return None
        given = values(scope, b"authorization")
        if len(given) == 1 and hmac.compare_digest(given[0].encode(), self._authorization):
            return None
        return 401, "this service wants the user name and password in .assay/credential"

    def _is_open(self, scope: Scope) -> bool:
        return scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in self._open


async def _answer(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == 401:
        headers.append(ASK)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
