"""What all routes share, and how each of them begins. Reads and writes a request's scope alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from starlette.responses import Response

from assay.serving.access.callers import caller_of
from assay.serving.protocol import names
from assay.serving.protocol.limits import DEFAULT, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from assay.bundle.classifier import Answers
    from assay.serving.protocol.schemas import Said
    from assay.serving.repository import Repository
    from assay.serving.served import ServedModel
    from assay.serving.watching.metrics import Metrics

    # Who answered, what was asked, the answers, and the seconds that they were computed in.
    Offer = Callable[[ServedModel, Sequence[Any], Answers, float], None]

P = ParamSpec("P")
T = TypeVar("T")

# Bytes from which on they are read or written off the event loop: others would wait.
LARGE = 65_536


@dataclass(frozen=True)
class Context:
    """What the routes are given.

    Attributes:
        repository: the served models.
        metrics: what Prometheus reads.
        limits: how much one request may ask.
        seconds: until which a request is answered or refused.
        offers: who gets a copy of what was asked and answered: they return at once.

    """

    repository: Repository
    metrics: Metrics
    limits: Limits = DEFAULT
    seconds: float = 10.0
    offers: Sequence[Offer] = ()


def context_of(request: Request) -> Context:
    """Return what the application was made with."""
    found = request.app.state.context
    assert isinstance(found, Context)  # noqa: S101 (what a type checker can't know)
    return found


def asked(request: Request) -> tuple[str, str | None]:
    """Return the model and the version that a path names, which this client may ask.

    Raises:
        BadRequest: no name of a model, or no version.
        Forbidden: the client may not ask it.

    """
    name = names.require_model(request.path_params["model"])
    version = request.path_params.get("version")
    caller_of(request.scope).require_model(name)
    return name, None if version is None else names.require_version(version)


async def read(size: int, function: Callable[P, T], *words: P.args, **named: P.kwargs) -> T:
    """Return what ``function`` makes of ``size`` bytes: of many on a thread."""
    if size < LARGE:
        return function(*words, **named)
    return await asyncio.to_thread(function, *words, **named)


def as_json(said: Said, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer whose JSON is a record."""
    text = said.model_dump_json(exclude_none=True)
    return Response(text, media_type="application/json", headers=headers)
