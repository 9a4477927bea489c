"""Routes as an ASGI application that the checks of :mod:`assay.serving.access` can stand before.

Reads and writes nothing. Starlette's own application answers what a route raises before the
middlewares see it; here it is raised, for ``Faults`` to answer.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from starlette.routing import Router

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from starlette.routing import BaseRoute

    from assay.asgi import Receive, Scope, Send

    Life = Callable[[object], AbstractAsyncContextManager[None]]


class Routed:
    """The routes, what they share, and what runs as long as they are served."""

    def __init__(
        self, routes: Sequence[BaseRoute], life: Life | None = None, **state: object
    ) -> None:
        """Take the routes.

        Args:
            routes: in the order in which they are tried.
            life: entered when the server starts, left when it ends.
            state: what a route finds as ``request.app.state``.

        """
        self.state = SimpleNamespace(**state)
        self._router = Router(routes, lifespan=life)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or raise what the route refuses."""
        scope["app"] = self
        await self._router(scope, receive, send)
