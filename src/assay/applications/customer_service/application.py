"""The ASGI application of one customer service: its routes, and what a request passes before them.

Reads and writes what its parts do: tokens, the audit log. The checks are those of the models'
server (:mod:`assay.serving.access.guarded`).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route, Router

from assay.applications.customer_service import asked, pages
from assay.serving.access.bodies import Bounds
from assay.serving.access.guarded import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from assay.asgi import Application, Receive, Scope, Send
    from assay.serving.access.guarded import Guard

    Life = Callable[[object], AbstractAsyncContextManager[None]]

HOME = "/"


def application(routes: Sequence[BaseRoute], guard: Guard, life: Life | None = None) -> Application:
    """Return the application.

    Args:
        routes: of the service.
        guard: who may ask.
        life: entered when the server starts, left when it ends.

    """
    open_paths = (HOME, *pages.paths())
    return guarded(_Routes(routes, life), guard, Bounds(asked.BODY), open_paths)


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
