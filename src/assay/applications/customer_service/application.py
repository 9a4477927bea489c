"""The ASGI application of one customer service: its routes, and what a request passes before them.

Reads and writes what its parts do: tokens, the audit log. The checks are those of the models'
server (:mod:`assay.serving.access`): host and origin, then the token, then the size of the body.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route, Router

from assay.applications.customer_service import asked, pages
from assay.serving.access.audited import Audited
from assay.serving.access.authorization import Access
from assay.serving.access.bodies import Bodies, Bounds
from assay.serving.access.faults import Faults
from assay.serving.access.headers import SecurityHeaders
from assay.serving.access.origins import Origins

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from assay.asgi import Application, Receive, Scope, Send
    from assay.origins import Names
    from assay.serving.access.audit import Audit
    from assay.serving.access.store import TokenStore

    Life = Callable[[object], AbstractAsyncContextManager[None]]

HOME = "/"


def application(
    routes: Sequence[BaseRoute],
    names: Names,
    *,
    audit: Audit,
    store: TokenStore | None = None,
    life: Life | None = None,
) -> Application:
    """Return the application.

    Args:
        routes: of the service.
        names: by which it may be asked.
        audit: the record of calls.
        store: the tokens; None: every client on this machine may do all.
        life: entered when the server starts, left when it ends.

    """
    found: Application = _Routes(routes, life)
    found = Bodies(found, Bounds(asked.BODY))
    found = Access(found, store, (HOME, *pages.paths()))
    found = Origins(found, names)
    found = Faults(found)
    found = SecurityHeaders(found)
    return Audited(found, audit)


class _Routes:
    """The routes; what is not among them is raised, for ``Faults`` to answer."""

    def __init__(self, routes: Sequence[BaseRoute], life: Life | None) -> None:
        self.state = SimpleNamespace()
        self._router = Router([Route(HOME, _home), *routes], lifespan=life)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._router(scope, receive, send)


async def _home(_request: Request) -> Response:
    return RedirectResponse("/service/")
