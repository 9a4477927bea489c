"""A server in a process of its own, asked by clients in another process, and ended.

Starts processes and ends them; each server listens on the loopback. Reads and writes no file.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import psutil

from assay.errors import StageFailed
from assay.progress import say
from bench import project
from bench.load import Load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from bench.load import Plan

OURS = "assay serve"
START_SECONDS = 40


class NoAnswer(StageFailed):
    """A server ended, or let its first request wait for too long."""


@dataclass(frozen=True)
class Server:
    """How a server is started and asked.

    Attributes:
        name: in the table.
        words: of its command; ``{port}`` is filled in.
        path: of the route that predicts.
        bodies: the JSON of one text each.
        folder: its working folder; None: this project's.
        environment: beside this process's own; ``{port}`` is filled in.

    """

    name: str
    words: tuple[str, ...]
    path: str
    bodies: list[str]
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answering:
    """A server that answers.

    Attributes:
        url: of the route that predicts.
        pid: of the process that was started.
        start: seconds from there to its first answer.

    """

    url: str
    pid: int
    start: float

    @property
    def memory(self) -> float:
        """The resident memory of the process and its children in MiB."""
        first = psutil.Process(self.pid)
        processes = (first, *first.children(recursive=True))
        return sum(float(one.memory_info().rss) for one in processes) / 2**20


def ours(texts: Sequence[str]) -> Server:
    """Return Assay's server of the measured model, as it was built last."""
    words = (project.script("assay"), "serve", project.MODEL, "--workspace", "--port", "{port}")
    return Server(OURS, words, f"/predict/{project.MODEL}", inputs([text] for text in texts))


def inputs(requests: Iterable[Sequence[str]]) -> list[str]:
    """Return the bodies by which Assay's server is asked for the texts of each request."""
    return [json.dumps({"inputs": list(texts)}) for texts in requests]


@contextmanager
def answering(server: Server) -> Iterator[Answering]:
    """Start a server, wait until it answers, and end it.

    Raises:
        NoAnswer: it does not, within :data:`START_SECONDS`.

    """
    port = _free_port()
    began = time.perf_counter()
    with _running(server, port) as process:
        url = f"http://127.0.0.1:{port}{server.path}"
        if not _answers(process, url, server.bodies[0]):
            raise NoAnswer(f"{server.name} does not answer")
        yield Answering(url, process.pid, time.perf_counter() - began)


def load(plan: Plan) -> Load:
    """Return what clients see who ask a server by a plan.

    Raises:
        StageFailed: their process failed.

    """
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        input=json.dumps(asdict(plan)),
        capture_output=True,
        text=True,
        check=False,
        cwd=project.BENCH,
    )
    if done.returncode:
        raise StageFailed(f"the clients failed: {done.stderr.strip()[-400:]}")
    return Load(**json.loads(done.stdout))


@contextmanager
def _running(server: Server, port: int) -> Iterator[subprocess.Popen[bytes]]:
    def filled(word: str) -> str:
        return word.replace("{port}", str(port))

    process = subprocess.Popen(
        [filled(word) for word in server.words],
        cwd=server.folder,
        env=os.environ | {name: filled(value) for name, value in server.environment.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started; it may have ended by itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(process: subprocess.Popen[bytes], url: str, body: str) -> bool:
    """Wait until a server answers a request; return whether it ever does."""
    deadline, last = time.monotonic() + START_SECONDS, "nothing"
    while time.monotonic() < deadline and process.poll() is None:
        asking = urllib.request.Request(  # noqa: S310 (on the loopback)
            url, data=body.encode(), headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(asking, timeout=10) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except urllib.error.HTTPError as problem:
            last = f"{problem.code}: {problem.read()[:200]!r}"
        except OSError as problem:
            last = str(problem)
        time.sleep(0.05)
    say(f"bench: {url} answers {last}")
    return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
