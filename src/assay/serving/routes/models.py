"""What is served: metadata, and the repository's index, load and unload.

Reads what loading a model reads. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from assay.errors import AssayError
from assay.serving.access.callers import caller_of
from assay.serving.protocol import bodies, metadata, names
from assay.serving.protocol.identity import Identity
from assay.serving.protocol.schemas import IndexedModel, IndexRequest, RepositoryRequest
from assay.serving.refusals import BadRequest
from assay.serving.routes.context import as_json, asked, context_of

if TYPE_CHECKING:
    from starlette.requests import Request


async def server(_request: Request) -> Response:
    """Say what this server is."""
    return as_json(metadata.server())


async def model(request: Request) -> Response:
    """Say what a model takes and gives."""
    found = context_of(request).repository.get(*asked(request)).model
    return as_json(metadata.model(found), Identity.of(found).headers)


async def index(request: Request) -> Response:
    """List the models, as Triton's repository does."""
    caller_of(request.scope).require_admin()
    asked_for = bodies.read(IndexRequest, await request.body(), optional=True)
    listed = [
        IndexedModel(
            name=one.name,
            version=one.version,
            state="READY" if one.ready else "UNAVAILABLE",
            reason=one.reason,
        )
        for one in context_of(request).repository.index()
        if one.ready or not asked_for.ready
    ]
    return JSONResponse([one.model_dump() for one in listed])


async def load(request: Request) -> Response:
    """Serve a model, or its champion anew."""
    caller_of(request.scope).require_admin()
    name = names.require_model(request.path_params["model"])
    bodies.read(RepositoryRequest, await request.body(), optional=True)
    try:
        await context_of(request).repository.load(name)
    except AssayError as problem:
        raise BadRequest(f"{name} can't be loaded: {problem.found}") from problem
    return Response()


async def unload(request: Request) -> Response:
    """Serve a model no longer."""
    caller_of(request.scope).require_admin()
    name = names.require_model(request.path_params["model"])
    bodies.read(RepositoryRequest, await request.body(), optional=True)
    await context_of(request).repository.unload(name)
    return Response()
