"""From a request to the text that a model writes for it: what both protocols have in common.

Reads a request's scope. Writes into it what metrics and logs read. Every answer says in its headers
which model, version and bundle it comes from.
"""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.serving.access.callers import caller_of
from assay.serving.protocol import names
from assay.serving.protocol.identity import Identity
from assay.serving.routes.context import context_of
from assay.serving.watching.observed import observed_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from assay.serving.generating.writer import Writer
    from assay.serving.generating.writing import Asked, Writing
    from assay.serving.served import ServedModel

    # What is asked of a model, once it is known which one it is.
    Make = Callable[[Writer], Asked]

# Of a text where the client does not say how many it wants.
TOKENS = 256


@dataclass(frozen=True)
class Which:
    """The model that is asked for; ``version`` None: the one that is served."""

    model: str
    version: str | None = None


@dataclass(frozen=True)
class Answering:
    """A text that is being written, and by which model."""

    model: ServedModel
    writing: Writing

    @property
    def headers(self) -> dict[str, str]:
        """What every answer says of the model."""
        return Identity.of(self.model).headers


@asynccontextmanager
async def answering(request: Request, which: Which, make: Make) -> AsyncIterator[Answering]:
    """Let a model write what ``make`` says, no longer than the context lasts.

    Raises:
        NotFound, NotReady: the model is not served.
        BadRequest: it writes no texts, or not what is asked for.
        TooMany: too many texts wait already.

    """
    async with context_of(request).repository.use(which.model, which.version) as found:
        observed = observed_of(request.scope)
        observed.inference, observed.rows = True, 1
        observed.model, observed.version = found.model.name, found.model.label
        writer = found.writer
        with writer.write(make(writer)) as writing:
            yield Answering(found.model, writing)
        if writing.written is not None:
            observed.queue_seconds = writing.written.queued
            observed.compute_seconds = writing.written.computed


def model_asked(request: Request, name: str) -> Which:
    """Return the model that a body names, which this client may ask.

    Raises:
        NotFound: no model can have this name.
        Forbidden: the client may not ask it.

    """
    found = names.require_model(name)
    caller_of(request.scope).require_model(found)
    return Which(found)


def tokens(asked: int | None, writer: Writer) -> int:
    """Return how many tokens a text has at most, where a client may have said it."""
    return min(TOKENS, writer.limits.tokens) if asked is None else asked


def seed(asked: int | None) -> int:
    """Return the seed that a client asks for, or a new one."""
    return secrets.randbits(32) if asked is None else asked
