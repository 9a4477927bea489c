"""The ASGI application: the table of routes, and what every request passes on its way to them.

Reads and writes nothing itself. Every request is observed, then guarded
(:mod:`assay.serving.access.guarded`); what is left reaches a route.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

from starlette.routing import Route, Router

from assay.serving.access.authorization import HEALTH
from assay.serving.access.bodies import Bounds
from assay.serving.access.guarded import guarded
from assay.serving.generating import chat, extension, model_list
from assay.serving.protocol.operations import OPERATIONS
from assay.serving.routes import about, health, models, predict
from assay.serving.watching.observed import Observed, Watching

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from assay.asgi import Application, Receive, Scope, Send
    from assay.serving.access.guarded import Guard
    from assay.serving.routes.context import Context

    Endpoint = Callable[[Request], Awaitable[Response]]

# What answers each operation of the protocol's table; one of a version as the one without.
ENDPOINTS: dict[str, Endpoint] = {
    "server_metadata": models.server,
    "server_live": health.live,
    "server_ready": health.ready,
    "metrics": about.metrics,
    "docs": about.docs,
    "openapi": about.document,
    "model_metadata": models.model,
    "model_ready": health.model_ready,
    "infer": predict.infer,
    "predict": predict.predict,
    "generate": extension.generate,
    "generate_stream": extension.generate_stream,
    "chat_completions": chat.complete,
    "list_models": model_list.models,
    "describe_model": model_list.model,
    "repository_index": models.index,
    "repository_load": models.load,
    "repository_unload": models.unload,
}
OPEN = (*HEALTH, "/docs", "/openapi.json")


@dataclass(frozen=True)
class Parts:
    """What an application is made of.

    Attributes:
        context: what the routes share.
        guard: who may ask.
        bounds: of bodies.
        tell: who is told of each request that has ended.
        more: further routes, of an application that is served beside the models.
        open_paths: of these routes, those that any client may get without a token.

    """

    context: Context
    guard: Guard
    bounds: Bounds = field(default_factory=Bounds)
    tell: Sequence[Callable[[Observed], object]] = ()
    more: Sequence[BaseRoute] = ()
    open_paths: Sequence[str] = ()


def application(parts: Parts) -> Application:
    """Return the application."""
    open_paths = (*OPEN, *parts.open_paths)
    found = guarded(_Routes(parts), parts.guard, parts.bounds, open_paths)
    return Watching(found, [parts.context.metrics.observe, *parts.tell])


class _Routes:
    """The routes, and what runs as long as they are served.

    Starlette's own application answers what a route raises before the middlewares see it.
    """

    def __init__(self, parts: Parts) -> None:
        context = parts.context
        self.state = SimpleNamespace(context=context, repository=context.repository)
        self._router = Router([*_routes(), *parts.more], lifespan=lambda _: _living(context))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self._router(scope, receive, send)


def _routes() -> list[BaseRoute]:
    return [
        Route(
            one.path,
            ENDPOINTS[one.name.removesuffix("_version")],
            methods=[one.method.upper()],
            name=one.name,
        )
        for one in OPERATIONS
    ]


@contextlib.asynccontextmanager
async def _living(context: Context) -> AsyncIterator[None]:
    """Open the models while the first requests come, follow the ledger, close all at the end."""
    try:
        async with context.repository.following():
            yield
    finally:
        await context.repository.close()
