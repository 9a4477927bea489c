"""``assay serve`` as a process of its own, for tests that are its clients."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from tests.conftest import Project

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PATIENCE = 120.0


@dataclass
class Started:
    """A server that is ready.

    Attributes:
        port: on the loopback.
        process: of the server.
        log: the file of its standard error.

    """

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    ended: int | None = field(default=None)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def end(self) -> int:
        """Ask the server to end; return its exit code."""
        if self.ended is None:
            self.process.send_signal(signal.SIGTERM)
            self.ended = self.process.wait(30)
        return self.ended


@contextmanager
def started(folder: Path, *words: str) -> Iterator[Started]:
    """Start ``assay serve WORDS`` in a project, wait until it is ready, end it."""
    port = free_port()
    log = folder / "serve.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "assay", "serve", *words, "--port", str(port)],
            cwd=folder,
            env=Project(folder).environment(),
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
    found = Started(port, process, log)
    try:
        _wait(found)
        yield found
        found.end()
    finally:
        process.kill()
        process.wait()


@contextmanager
def meanwhile(threads: Sequence[threading.Thread], ending: threading.Event) -> Iterator[None]:
    """Let clients ask during the context, until they see that it ends."""
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def _wait(found: Started) -> None:
    deadline = time.monotonic() + PATIENCE
    with found.client() as client:
        while time.monotonic() < deadline:
            assert found.process.poll() is None, found.log.read_text()
            try:
                if client.get("/v2/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    raise AssertionError(found.log.read_text())


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
