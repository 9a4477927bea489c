"""A message answered off the event loop, and its conversation stored: a bounded number at a time.

Calls the engine and the sessions in worker threads. Reads and writes what they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from assay.applications.customer_service.sessions import require_room
from assay.serving.refusals import TooMany

if TYPE_CHECKING:
    from collections.abc import Callable

    from assay.applications.customer_service.sessions import Entry, Session, Sessions
    from assay.applications.customer_service.turn import Engine, Tell

WORKERS = 2
WAITING = 32  # messages, beside those that are being answered
RETRY_S = 1.0


class Desk:
    """Lets the engine answer ``workers`` messages at a time, and ``waiting`` more wait."""

    def __init__(
        self,
        engine: Callable[[], Engine],
        sessions: Sessions,
        *,
        workers: int = WORKERS,
        waiting: int = WAITING,
    ) -> None:
        """Take where conversations are kept, and what returns the engine: asked at each turn."""
        self._engine, self._sessions = engine, sessions
        self._limiter = anyio.CapacityLimiter(workers)
        self._most, self._present = workers + waiting, 0

    def require_room(self) -> None:
        """Refuse another message while too many wait.

        Raises:
            TooMany: says so.

        """
        if self._present >= self._most:
            raise TooMany("too many messages are waiting to be answered", RETRY_S)

    async def session(self, id_: str | None) -> Session:
        """Return the conversation of a message.

        Raises:
            NotFound: it is not there.
            BadRequest: it is at its longest.

        """
        if id_ is None:
            return self._sessions.begin()
        found = await anyio.to_thread.run_sync(self._sessions.resume, id_)
        require_room(found)
        return found

    async def answer(self, session: Session, text: str, tell: Tell | None = None) -> Entry:
        """Answer one message of a conversation, and store both.

        ``tell`` is called in a worker thread, when the message was understood.

        Raises:
            TooMany: too many wait.
            Conflict: another message of the conversation was answered meanwhile.

        """
        self.require_room()
        self._present += 1
        try:
            return await anyio.to_thread.run_sync(
                self._answer, session, text, tell, limiter=self._limiter
            )
        finally:
            self._present -= 1

    def _answer(self, session: Session, text: str, tell: Tell | None) -> Entry:
        turn, state = self._engine().turn(text, session.state, tell)
        return self._sessions.add(session, turn, state)
