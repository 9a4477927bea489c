"""The ASGI application: the table of routes, and what every request passes on its way to them.

Reads and writes nothing itself. Every request is observed, then guarded
(:mod:`assay.serving.access.guarded`); what is left reaches a route.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.routing import Route

from assay.serving.access.authorization import HEALTH
from assay.serving.access.bodies import Bounds
from assay.serving.access.guarded import guarded
from assay.serving.generating import chat, extension, model_list
from assay.serving.protocol.operations import OPERATIONS
from assay.serving.routed import Routed
from assay.serving.routes import about, health, models, predict
from assay.serving.watching.observed import Observed, Watching

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from assay.asgi import Application
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
# Routes are tried in turn, and no two match one path: what is asked most comes first.
FIRST = ("predict", "infer", "infer_version")
OPEN = (*HEALTH, "/docs", "/openapi.json")


@dataclass(frozen=True)
class Parts:
    """What an application is made of.

    Attributes:
        context: what the routes share.
        guard: who may ask.
        bounds: of bodies.
        tell: who is told of each request that has ended.

    """

    context: Context
    guard: Guard
    bounds: Bounds = field(default_factory=Bounds)
    tell: Sequence[Callable[[Observed], object]] = ()


def application(parts: Parts) -> Application:
    """Return the application."""
    context = parts.context
    routes = Routed(
        _routes(), lambda _: _living(context), context=context, repository=context.repository
    )
    found = guarded(routes, parts.guard, parts.bounds, OPEN)
    return Watching(found, [context.metrics.observe, *parts.tell])


def _routes() -> list[BaseRoute]:
    return [
        Route(
            one.path,
            ENDPOINTS[one.name.removesuffix("_version")],
            methods=[one.method.upper()],
            name=one.name,
        )
        for one in sorted(OPERATIONS, key=lambda one: one.name not in FIRST)
    ]


@contextlib.asynccontextmanager
async def _living(context: Context) -> AsyncIterator[None]:
    """Open the models while the first requests come, follow the ledger, close all at the end."""
    try:
        async with context.repository.following():
            yield
    finally:
        await context.repository.close()
