"""Refusals as OpenAI's clients expect them: ``{"error": {message, type, param, code}}``.

Reads and writes nothing.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from assay.serving.generating.prompts import TooLong
from assay.serving.refusals import Forbidden, NotFound, NotReady, Refusal, TooLarge, TooMany

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    Answer = Callable[[Request], Awaitable[Response]]

# Type and code of each kind of refusal; the first that fits.
KINDS: tuple[tuple[type[Refusal], str, str | None], ...] = (
    (TooLong, "invalid_request_error", "context_length_exceeded"),
    (Forbidden, "permission_error", "model_not_allowed"),
    (NotFound, "invalid_request_error", "model_not_found"),
    (TooLarge, "invalid_request_error", "request_too_large"),
    (TooMany, "rate_limit_error", "rate_limit_exceeded"),
    (NotReady, "server_error", "not_ready"),
    (Refusal, "invalid_request_error", None),
)


def body(problem: Refusal) -> dict[str, Any]:
    """Return the body of a refusal."""
    kind, code = next((kind, code) for refusal, kind, code in KINDS if isinstance(problem, refusal))
    return {"error": {"message": str(problem), "type": kind, "param": None, "code": code}}


def answered(route: Answer) -> Answer:
    """Return a route that answers its own refusals so."""

    @functools.wraps(route)
    async def answer(request: Request) -> Response:
        try:
            return await route(request)
        except Refusal as problem:
            headers = problem.headers
            return JSONResponse(body(problem), status_code=problem.status, headers=headers)

    return answer
