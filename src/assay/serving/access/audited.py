"""Each call goes into the audit log.

An ASGI application around another one. Reads of the request's scope who sends it and what it is
about, of the answer the status. Writes into the audit log, and nothing else. Never reads a body.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from assay.serving.access.audit import Call
from assay.serving.access.authorization import HEALTH
from assay.serving.access.callers import KEY
from assay.serving.access.rates import Buckets, Rate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assay.asgi import Application, Message, Receive, Scope, Send
    from assay.serving.access.audit import Audit

OBSERVED = "assay.observed"
ENDS = ("lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed")

# Lines of calls that nobody answers for: who floods the server without a token must not push out
# the lines of those who have one.
STRANGERS = Rate(per_minute=600, burst=600)


class Observed(Protocol):
    """What a call was about, as its route noted it."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def rows(self) -> int:
        """How many rows it was asked for."""


@dataclass(frozen=True)
class _Nothing:
    model: str = ""
    version: str = ""
    rows: int = 0


NOTHING: Observed = _Nothing()


class Audited:
    """Records the calls of the application, and starts and ends the audit log with it."""

    def __init__(
        self,
        application: Application,
        audit: Audit,
        unlisted: Iterable[str] = HEALTH,
        strangers: Rate = STRANGERS,
    ) -> None:
        """Record in ``audit`` each call but a GET of ``unlisted``: probes ask every few seconds.

        Calls without a good token are recorded at the rate of ``strangers``, the others counted.
        """
        self._application, self._audit = application, audit
        self._unlisted, self._limit = frozenset(unlisted), strangers
        self._strangers = Buckets(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, and record how it ended."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] != "http" or (
            scope["method"] == "GET" and scope["path"] in self._unlisted
        ):
            await self._application(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._audit.start()

        async def ended(message: Message) -> None:
            # The server may end as soon as it has such a message.
            if message["type"] in ENDS:
                await asyncio.to_thread(self._audit.close)
            await send(message)

        await self._application(scope, receive, ended)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, began, clock = 0, datetime.now(UTC), time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._application(scope, receive, noted)
        finally:
            self._record(scope, status, began, time.perf_counter() - clock)

    def _record(self, scope: Scope, status: int, began: datetime, seconds: float) -> None:
        state = scope.get("state", {})
        caller, observed = state.get(KEY), state.get(OBSERVED, NOTHING)
        if caller is None and self._strangers.take("", self._limit):
            self._audit.leave_out()
            return
        call = Call(
            time=began,
            who=caller.name if caller else "",
            address=(scope.get("client") or ("",))[0],
            method=scope["method"],
            route=getattr(scope.get("route"), "path", ""),
            model=observed.model,
            version=observed.version,
            rows=observed.rows,
            status=status,
            milliseconds=round(seconds * 1000, 3),
        )
        self._audit.put(call)
