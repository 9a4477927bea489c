"""A small language model that is served, and the real application of it on a free port."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from assay.bundle.classifier import Classifier
from assay.bundle.language_model import LanguageModel
from assay.files import sha256, sha256_of_folder
from assay.modalities.text import codec
from assay.paths import ModelPaths
from assay.serving.access import exposure, store, tokens
from assay.serving.access.audit import Audit
from assay.serving.access.guarded import Guard
from assay.serving.access.rates import Rate
from assay.serving.application import Parts, application
from assay.serving.batching import Batcher
from assay.serving.generating.writer import Limits, Writer
from assay.serving.repository import Repository
from assay.serving.routes.context import Context
from assay.serving.served import ServedModel
from assay.serving.watching.metrics import Metrics
from assay.tasks.bundles import open_bundle
from tests import made

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from assay.serving.watching.observed import Observed

BUNDLE = ModelPaths(made.MODEL).bundle
VERSION = 3
CONTEXT = 48
# More tokens than are written before a test is over.
ENDLESS = 10_000_000
# Generous where a test waits for a thread or a process.
SECONDS = 30


def language_model(checkpoint: Path) -> LanguageModel:
    """Return a model of characters that reads 48 of them."""
    folder = made.built_generator(checkpoint) / BUNDLE
    return _endless(LanguageModel.open(folder, codec.read, threads=1))


def _endless(model: LanguageModel) -> LanguageModel:
    """Return a model whose texts have as many tokens as are asked for."""
    model.generator.never |= {model.tokenizer.end}
    return model


@dataclass(frozen=True)
class Folders:
    """Bundles by the names under which they are served."""

    folders: Mapping[str, Path]

    def current(self, names: Iterable[str]) -> dict[str, int | None]:
        """Return the one version of each."""
        return {name: VERSION for name in names if name in self.folders}

    def load(self, name: str) -> ServedModel:
        """Open it."""
        folder = self.folders[name]
        digest = sha256_of_folder({path.name: sha256(path) for path in folder.iterdir()})
        bundle = open_bundle(folder, threads=1)
        if isinstance(bundle, LanguageModel):
            bundle = _endless(bundle)
        return ServedModel(name, VERSION, digest, bundle)


@dataclass
class Service:
    """A server that runs.

    Attributes:
        url: where.
        token: a client's, which may ask all models but ``hidden``.
        repository: of the models.
        seen: what metrics and logs were told of each request that has ended.

    """

    url: str
    token: str
    repository: Repository
    seen: list[Observed]

    @property
    def model(self) -> ServedModel:
        """The language model that it serves."""
        return self.repository.get("writer").model

    @property
    def writer(self) -> Writer:
        """What writes its texts."""
        return self.repository.get("writer").writer

    @property
    def headers(self) -> dict[str, str]:
        """What a client sends with each request."""
        return {"authorization": f"Bearer {self.token}"}


@contextmanager
def service(checkpoint: Path, folder: Path, limits: Limits | None = None) -> Iterator[Service]:
    """Serve ``writer`` and ``hidden``, language models, and ``classifier``, until the end.

    ``folder``: an empty one, for the tokens and the record of calls.
    """

    def begin(model: ServedModel) -> Batcher | Writer:
        if isinstance(model.bundle, LanguageModel):
            return Writer(model.bundle, limits=limits)
        assert isinstance(model.bundle, Classifier)
        return Batcher(model.bundle, threads=1)

    generator = made.built_generator(checkpoint) / BUNDLE
    classifier = made.built(checkpoint) / BUNDLE
    folders = {"writer": generator, "hidden": generator, "classifier": classifier}
    kept, token = tokens.issue(
        "test",
        scopes=("infer",),
        models=("writer", "classifier", "nobody"),
        rate=Rate(per_minute=100_000, burst=100_000),
        expires=None,
    )
    store.add(kept, folder / "tokens.json")
    metrics = Metrics()
    seen: list[Observed] = []
    with _bound() as listening:
        port = listening.getsockname()[1]
        repository = Repository(Folders(folders), folders, begin, metrics)
        parts = Parts(
            Context(repository, metrics),
            Guard(
                exposure.names("127.0.0.1", port),
                Audit(folder / "audit.jsonl"),
                store.TokenStore(folder / "tokens.json"),
            ),
            tell=[seen.append],
        )
        with _listening(application(parts), listening):
            asyncio.run(until(lambda: repository.is_ready))
            yield Service(f"http://127.0.0.1:{port}", token, repository, seen)


@contextmanager
def _bound() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        yield listening


@contextmanager
def _listening(app: Any, listening: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        asyncio.run(until(lambda: server.started or not thread.is_alive()))
        assert server.started
        yield
    finally:
        server.should_exit = True
        thread.join(SECONDS)


async def until(is_so: Any) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(SECONDS):
        while not is_so():
            await asyncio.sleep(0.01)
