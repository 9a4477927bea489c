"""Whether the server lives, and whether it and its models are ready. Reads and writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.serving.protocol.schemas import Live, ModelReady, Ready
from assay.serving.refusals import NotReady
from assay.serving.routes.context import as_json, asked, context_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def live(_request: Request) -> Response:
    """Answer as long as the event loop turns."""
    return as_json(Live(live=True))


async def ready(request: Request) -> Response:
    """Answer 200 once every model that should be served is.

    Raises:
        NotReady: one of them is not.

    """
    repository = context_of(request).repository
    if not repository.is_ready:
        waiting = [one.name for one in repository.index() if not one.ready]
        raise NotReady(f"not ready yet: {', '.join(waiting)}")
    return as_json(Ready(ready=True))


async def model_ready(request: Request) -> Response:
    """Answer 200 once a model is served.

    Raises:
        NotFound, NotReady: it is not.

    """
    found = context_of(request).repository.get(*asked(request))
    return as_json(ModelReady(name=found.model.name, ready=True))
