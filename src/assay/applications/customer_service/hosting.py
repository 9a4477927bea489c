"""A customer service with all that its page needs: opened from its file, closed when it ends.

Reads what the engine, the sessions and the settings of the intent model are read from, and follows
the ledger. Writes the database of the conversations. Never loads torch.

What is decided of a model is picked up within a second. The versions before go on while the new
ones are opened, and thresholds and weights are learned for them, on a thread. A turn keeps what it
began with: nothing is closed, a bundle ends with the last turn that has it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from assay.applications.customer_service.composed import Composed
from assay.applications.customer_service.opening import Opening
from assay.applications.customer_service.routes import is_admin, routes
from assay.applications.customer_service.sessions import Sessions
from assay.applications.customer_service.tables import open_database
from assay.errors import AssayError
from assay.progress import say
from assay.serving import following

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.routing import Route


class Hosted:
    """An opened customer service.

    Attributes:
        sessions: its conversations.
        now: the service with the champions of now; another one after each promotion or rollback.

    """

    def __init__(self, opening: Opening) -> None:
        """Open the models, then the database.

        Raises:
            AssayError: as :func:`open_service`.

        """
        self._opening = opening
        # Before anything is opened: what is decided meanwhile is seen at the first look.
        seen, self._champions = following.stamp(), opening.champions()
        self.now = Composed.of(opening)
        kept = opening.service.sessions
        database = open_database(kept.store)
        self.sessions = Sessions(database, expiry_s=kept.minutes * 60.0)
        self._follower = following.Follower(self._follow, seen)

    def routes(self, is_agent: Callable[[Request], bool] = is_admin) -> list[Route]:
        """Return the routes below ``/service``; ``is_agent`` tells which callers are agents."""
        return routes(lambda: self.now, self.sessions, is_agent=is_agent)

    @asynccontextmanager
    async def living(self) -> AsyncIterator[None]:
        """Follow the ledger as long as the context lasts; close the service at its end."""
        try:
            async with self._follower.following():
                yield
        finally:
            self.close()

    async def refresh(self) -> None:
        """Ask the champions of now: costs one look at a file's time where nothing was decided."""
        await self._follower.look()

    def close(self) -> None:
        """Close the database, and let the models go."""
        self.sessions.close()
        self.now.dialogue.close()

    async def _follow(self) -> None:
        """Let the champions of now take over, if they hold; else the versions before go on."""
        before = self.now
        try:
            champions = await asyncio.to_thread(self._opening.champions)
            if champions == self._champions:
                return
            self.now = await asyncio.to_thread(Composed.of, self._opening, before.models)
        except AssayError as problem:
            say(f"service: the models that answer stay, a change is refused: {problem}")
            return
        self._champions = champions
        for model, version in self.now.versions.items():
            if before.versions.get(model) != version:
                say(f"service: {model} {version} answers from now on")
        for note in self.now.notes:
            if note not in before.notes:
                say(f"note: {note}")


def open_service(path: Path, *, threads: int, workspace: bool = False) -> Hosted:
    """Open the customer service that a YAML file describes.

    ``workspace``: ask the bundles that were built last, also where there are champions.

    Raises:
        UsageError: its database can't be opened.
        AssayError: as :func:`~assay.applications.customer_service.opening.open_dialogue`.

    """
    return Hosted(Opening.of(path, threads=threads, workspace=workspace))
