"""What is served: metadata, and the repository's index, load and unload.

Reads what loading a model reads. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from assay.errors import AssayError
from assay.serving.access.callers import caller_of
from assay.serving.protocol import metadata, names
from assay.serving.protocol.identity import Identity
from assay.serving.refusals import BadRequest
from assay.serving.routes.context import asked, context_of

if TYPE_CHECKING:
    from starlette.requests import Request


async def server(_request: Request) -> Response:
    """Say what this server is."""
    return Response(metadata.server(), media_type="application/json")


async def model(request: Request) -> Response:
    """Say what a model takes and gives."""
    found = context_of(request).repository.get(*asked(request)).model
    headers = Identity.of(found).headers
    return Response(metadata.model(found), media_type="application/json", headers=headers)


async def index(request: Request) -> Response:
    """List the models that this client may ask, as Triton's repository does."""
    caller = caller_of(request.scope)
    return JSONResponse(
        [
            {
                "name": one.name,
                "version": one.version,
                "state": "READY" if one.ready else "UNAVAILABLE",
                "reason": one.reason,
            }
            for one in context_of(request).repository.index()
            if caller.may_ask(one.name)
        ]
    )


async def load(request: Request) -> Response:
    """Serve a model, or its champion anew."""
    caller_of(request.scope).require_admin()
    name = names.require_model(request.path_params["model"])
    try:
        await context_of(request).repository.load(name)
    except AssayError as problem:
        raise BadRequest(f"{name} can't be loaded: {problem.found}") from problem
    return Response()


async def unload(request: Request) -> Response:
    """Serve a model no longer."""
    caller_of(request.scope).require_admin()
    await context_of(request).repository.unload(names.require_model(request.path_params["model"]))
    return Response()
