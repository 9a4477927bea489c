"""No request by a foreign name, from a page of another site, or for a web socket.

An ASGI application around another one. Reads a request's headers. Writes nothing: raises refusals,
which :class:`assay.serving.access.faults.Faults` turns into answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.serving.access.authorization import HEALTH
from assay.serving.refusals import Forbidden

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.asgi import Application, Receive, Scope, Send
    from assay.origins import Names

CLOSED_BY_POLICY = 1008  # RFC 6455, 7.4.1


class Origins:
    """Lets through what asks for this server by a name of its own."""

    def __init__(
        self, application: Application, names: Names, open_paths: Iterable[str] = HEALTH
    ) -> None:
        """Guard ``application``, which answers at ``names``.

        A GET of ``open_paths`` may ask by any name: a cluster's probes ask by address.
        """
        self._application, self._names = application, names
        self._open = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; close a web socket before it opens: there are none.

        Raises:
            Forbidden: it asks by a foreign name, or for a foreign page.

        """
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": CLOSED_BY_POLICY})
            return
        if scope["type"] == "http":
            self._require_own(scope)
        await self._application(scope, receive, send)

    def _require_own(self, scope: Scope) -> None:
        is_open = scope["method"] == "GET" and scope["path"] in self._open
        if not is_open and (foreign := self._names.refusal(scope)):
            raise Forbidden(foreign)
