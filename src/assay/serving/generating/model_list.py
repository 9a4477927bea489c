"""OpenAI's list of models: ``GET /v1/models`` and ``GET /v1/models/MODEL``.

Reads which models are served. Writes nothing but answers. Only language models are listed, and only
those that the caller may ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from assay.serving.access.callers import caller_of
from assay.serving.generating import openai_errors
from assay.serving.generating.writer import Writer
from assay.serving.refusals import NotFound, NotReady
from assay.serving.routes.context import context_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from assay.serving.served import ServedModel


@openai_errors.answered
async def models(request: Request) -> Response:
    """List the language models."""
    data = [_entry(model) for model in _listed(request)]
    return JSONResponse({"object": "list", "data": data})


@openai_errors.answered
async def model(request: Request) -> Response:
    """Describe one of them."""
    name = request.path_params["model"]
    for found in _listed(request):
        if found.name == name:
            return JSONResponse(_entry(found))
    raise NotFound("no such language model is served here: GET /v1/models lists all")


def _listed(request: Request) -> list[ServedModel]:
    repository, caller = context_of(request).repository, caller_of(request.scope)
    found = []
    for name in repository.names:
        if not caller.may_ask(name):
            continue
        try:
            serving = repository.get(name)
        except NotReady:
            continue
        if isinstance(serving.work, Writer):
            found.append(serving.model)
    return found


def _entry(found: ServedModel) -> dict[str, Any]:
    return {
        "id": found.name,
        "object": "model",
        "created": 0,  # a bundle does not say: it would differ from build to build
        "owned_by": "assay",
        "version": found.label,
        "digest": found.digest,
    }
