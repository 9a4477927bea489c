"""Which models are served, and by which version: loaded, swapped, unloaded while requests run.

Reads the ledger, and what :mod:`assay.serving.served` reads. Writes nothing. All of it runs on the
event loop but the opening of bundles, which a thread does. A request takes a model once and keeps
that version until it is answered; a version that was replaced is closed when its last request was.
A challenger that can't be opened changes nothing: the version before goes on.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from assay.errors import AssayError
from assay.progress import say
from assay.serving.batching import Batcher
from assay.serving.following import Follower
from assay.serving.generating.drawer import Drawer
from assay.serving.generating.writer import Writer
from assay.serving.refusals import BadRequest, NotFound, NotReady

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from contextlib import AbstractAsyncContextManager

    from assay.serving.served import ServedModel
    from assay.serving.watching.metrics import Metrics


class Source(Protocol):
    """Where served models come from: the releases, or the workspace."""

    def current(self, names: Iterable[str]) -> dict[str, int | None]:
        """Return the version of each model that should be served; models without one are left out.

        Raises:
            LedgerRefused: the ledger does not hold.

        """

    def load(self, name: str) -> ServedModel:
        """Open that version.

        Raises:
            AssayError: it does not hold, or there is none.

        """


class Work(Protocol):
    """What computes the answers of one version, on threads of its own."""

    @property
    def queued(self) -> int:
        """How many requests wait."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is computed."""

    def close(self) -> None:
        """Answer what waits, then end the threads."""


@dataclass(eq=False)
class Serving:
    """One version of a model with what computes its answers; a request keeps it until answered."""

    model: ServedModel
    work: Work
    users: int = 0
    retired: bool = False

    @property
    def batcher(self) -> Batcher:
        """What answers rows.

        Raises:
            BadRequest: the model is no classifier.

        """
        if not isinstance(self.work, Batcher):
            raise BadRequest(
                f"{self.model.name} predicts no label: this model generates, "
                f"ask /v2/models/{self.model.name}/generate"
            )
        return self.work

    @property
    def drawer(self) -> Drawer | None:
        """What draws images; None: the model draws none."""
        return self.work if isinstance(self.work, Drawer) else None

    @property
    def writer(self) -> Writer:
        """What continues texts.

        Raises:
            BadRequest: the model is no language model.

        """
        if not isinstance(self.work, Writer):
            raise BadRequest(
                f"{self.model.name} generates no text: ask /v2/models/{self.model.name}/infer"
            )
        return self.work


@dataclass(frozen=True)
class Entry:
    """A line of the repository's index."""

    name: str
    version: str
    ready: bool
    reason: str = ""


class Repository:
    """The served models by their names."""

    def __init__(
        self,
        source: Source,
        names: Iterable[str],
        begin: Callable[[ServedModel], Work],
        metrics: Metrics,
    ) -> None:
        """Serve ``names`` from ``source``; ``begin`` starts what computes a model's answers."""
        self._source, self._begin, self._metrics = source, begin, metrics
        self._wanted = list(names)
        self._served: dict[str, Serving] = {}
        self._reasons: dict[str, str] = {}
        self._follower = Follower(self._follow)
        self._changing = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def names(self) -> list[str]:
        """The models that should be served, in the order in which they were named."""
        return list(self._wanted)

    @property
    def is_ready(self) -> bool:
        """Whether every model that should be served is."""
        return all(name in self._served for name in self._wanted)

    def is_idle(self, name: str) -> bool:
        """Whether a model has nothing to compute; one that is not served has not."""
        found = self._served.get(name)
        return found is None or found.work.is_idle

    def index(self) -> list[Entry]:
        """Return every model that should be served, and why it is not where it isn't."""
        return [self._entry(name) for name in self._wanted]

    def get(self, name: str, version: str | None = None) -> Serving:
        """Return a served model; of ``version`` if one is asked for.

        Raises:
            NotFound: there is no such model, or another version of it is served.
            NotReady: it is still being opened, or could not be.

        """
        found = self._served.get(name)
        if found is None:
            if name in self._wanted:
                reason = self._reasons.get(name, "it is still being opened")
                raise NotReady(f"the model {name!r} is not ready: {reason}")
            raise NotFound(f"no model {name!r} is served here; /v2/repository/index lists all")
        if version is not None and version != found.model.label:
            raise NotFound(
                f"version {version!r} of {name} is not served: the champion is "
                f"{found.model.label}, and only champions are served"
            )
        return found

    @asynccontextmanager
    async def use(self, name: str, version: str | None = None) -> AsyncIterator[Serving]:
        """Keep one version for a request, from its beginning to its answer.

        Raises:
            NotFound, NotReady: as :meth:`get`.

        """
        found = self.get(name, version)
        found.users += 1
        try:
            yield found
        finally:
            found.users -= 1
            if found.retired and not found.users:
                self._close(found)

    async def load(self, name: str) -> None:
        """Serve a model, or its present champion anew.

        Raises:
            AssayError: it does not hold, or there is none; what was served before still is.

        """
        async with self._changing:
            await self._swap(name)
            if name not in self._wanted:
                self._wanted.append(name)

    async def unload(self, name: str) -> None:
        """Serve a model no longer; requests that have it are answered.

        Raises:
            NotFound: it is not served.

        """
        async with self._changing:
            if name not in self._wanted:
                raise NotFound(f"no model {name!r} is served here")
            self._wanted.remove(name)
            self._reasons.pop(name, None)
            self._metrics.forget(name)
            if (found := self._served.pop(name, None)) is not None:
                self._retire(found)

    def following(self) -> AbstractAsyncContextManager[None]:
        """Open what should be served, then whatever is promoted or rolled back, in a context."""
        return self._follower.following()

    async def refresh(self) -> None:
        """Serve the champions of now: costs one look at a file's time where nothing was decided."""
        await self._follower.look()

    async def close(self) -> None:
        """Answer what waits, then close every model."""
        for found in self._served.values():
            self._retire(found)
        self._served.clear()
        await asyncio.gather(*self._closing)

    async def _follow(self) -> None:
        async with self._changing:
            for name in await self._changed():
                await self._try(name)

    async def _changed(self) -> list[str]:
        try:
            current = await asyncio.to_thread(self._source.current, self._wanted)
        except AssayError as problem:
            say(f"serving: the ledger is refused, what is served stays: {problem.found}")
            return []
        return [
            name
            for name in self._wanted
            if name not in self._served or current.get(name) != self._served[name].model.version
        ]

    async def _try(self, name: str) -> None:
        try:
            await self._swap(name)
        except AssayError as problem:
            self._reasons[name] = problem.found
            self._metrics.count_swap(name, done=False)
            say(f"serving: {name} is refused: {problem}")

    async def _swap(self, name: str) -> None:
        model = await asyncio.to_thread(self._source.load, name)
        before = self._served.get(name)
        work = self._begin(model)
        self._served[name] = Serving(model, work)
        self._metrics.serve(name, model.label, lambda: work.queued)
        self._reasons.pop(name, None)
        say(f"serving: {name} {model.label} ({model.bundle.precision}, {model.digest[:12]})")
        if before is not None:
            self._metrics.count_swap(name, done=True)
            self._retire(before)

    def _retire(self, found: Serving) -> None:
        found.retired = True
        if not found.users:
            self._close(found)

    def _close(self, found: Serving) -> None:
        task = asyncio.create_task(asyncio.to_thread(found.work.close))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _entry(self, name: str) -> Entry:
        if (found := self._served.get(name)) is not None:
            return Entry(name, found.model.label, ready=True, reason=self._reasons.get(name, ""))
        return Entry(name, "", ready=False, reason=self._reasons.get(name, "it is being opened"))
