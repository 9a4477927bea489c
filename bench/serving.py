"""The served bundle beside other servers of the same bundle, with the same clients.

Reads the workspace's bundle and test split. Writes a temporary folder, and environments of the
other servers below the user's cache, each installed once from the package index. Servers and
clients share this machine's cores; each server runs alone, in turns.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import psutil

from assay import cores
from assay.errors import StageFailed
from assay.paths import user_cache
from assay.progress import Progress, say
from assay.tasks.bundles import open_classifier
from bench import project, tables
from bench.load import Load, Plan
from bench.measure import Spread, facts, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OURS = "assay serve"
PEERS = {
    "BentoML": ("bentoml==1.4.40", "setuptools<81"),
    "LitServe": ("litserve==0.2.19",),
    "MLServer": ("mlserver==1.7.1", "uvloop<0.22"),
}
BESIDE = ("onnxruntime==1.31.1", "tokenizers", "numpy")
MLFLOW = "mlflow models serve"
START_SECONDS = 40
HEAD = (
    *("server", "clients", "requests a second", "share of the bundle", "p50, ms", "p95, ms"),
    *("p99, ms", "refused", "memory, MiB", "start, s"),
)


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    clients: tuple[int, ...]
    seconds: float
    rounds: int
    texts: int


FULL, QUICK = Size((1, 8, 64), 6.0, 3, 512), Size((1, 8), 1.0, 1, 32)
# Texts of a request, and clients, where Assay's server is asked for many at once.
TOGETHER, ASKING = (1, 4, 16, 64), 8


@dataclass(frozen=True)
class Server:
    """How a server is started and asked.

    Attributes:
        name: in the table.
        words: of its command; ``{port}`` is filled in.
        path: of the route that predicts.
        body: the JSON of one text.
        folder: its working folder; None: this project's.
        environment: beside this process's own.

    """

    name: str
    words: tuple[str, ...]
    path: str
    bodies: list[str]
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """One server in one round: a load for each number of clients, MiB, seconds to start."""

    loads: dict[int, Load]
    memory: float
    start: float


def measure(quick: bool) -> str:
    """Return the tables.

    Raises:
        MissingFile: the workspace was not built.
        StageFailed: Assay's own server does not start.

    """
    size = QUICK if quick else FULL
    files = project.workspace(Path("models/opinions/bundle"))
    rows = pd.read_parquet(files.split("test"), columns=["text"])
    texts = [str(text) for text in project.spread_out(rows, size.texts)["text"]]
    with tempfile.TemporaryDirectory() as scratch:
        servers = [_ours(texts), *_peers(Path(scratch), files.bundle.absolute(), texts)]
        inside: list[float] = []
        many: dict[int, list[float]] = {texts_each: [] for texts_each in TOGETHER}
        found: dict[str, list[Measured]] = {server.name: [] for server in servers}
        with Progress("serving", size.rounds * len(servers)) as bar:
            for _ in range(size.rounds):
                inside.append(_inside(files.bundle, texts, size.seconds))
                for rows_each, rate in _many(texts, size.seconds).items():
                    many[rows_each].append(rate)
                for server in servers:
                    if (one := _measured(server, size)) is not None:
                        found[server.name].append(one)
                    bar.advance(note=server.name)
    return "\n\n".join([_page(found, Spread.of(inside), size), _together(many, inside)])


def _inside(bundle: Path, texts: Sequence[str], seconds: float) -> float:
    """Return how many rows a second the bundle answers in this process, all cores at work."""
    opened = open_classifier(bundle, threads=cores.usable())
    opened.predict(texts)
    began, rows = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        rows += len(opened.predict(texts).probabilities)
    return rows / spent


def _many(texts: Sequence[str], seconds: float) -> dict[int, float]:
    """Return the rows a second of our server, by the texts of a request."""
    server, port = _ours(texts), _free_port()
    found = {}
    with _running(server, port) as process:
        url = f"http://127.0.0.1:{port}{server.path}"
        if not _answers(process, url, server.bodies[0]):
            raise StageFailed(f"{OURS} does not answer")
        for each in (each for each in TOGETHER if each <= len(texts)):
            parts = [list(texts[start : start + each]) for start in range(0, len(texts), each)]
            bodies = [json.dumps({"inputs": part}) for part in parts if len(part) == each]
            found[each] = each * _load(Plan(url, bodies, ASKING, seconds)).rate
    return found


def _together(many: Mapping[int, Sequence[float]], inside: Sequence[float]) -> str:
    lines = [
        [
            str(each),
            str(Spread.of(rates)),
            f"{Spread.of([r / i for r, i in zip(rates, inside, strict=True)]).median:.0%}",
        ]
        for each, rates in many.items()
        if rates
    ]
    head = ("texts a request", "rows a second", "share of the bundle in the same round")
    return f"Assay's server, {ASKING} clients:\n\n{tables.markdown(head, lines)}"


def _ours(texts: Sequence[str]) -> Server:
    words = (project.script("assay"), "serve", "opinions", "--workspace", "--port", "{port}")
    return Server(OURS, words, "/predict/opinions", [json.dumps({"inputs": [t]}) for t in texts])


def _peers(scratch: Path, bundle: Path, texts: Sequence[str]) -> Iterator[Server]:
    own = {"ASSAY_BENCH_BUNDLE": str(bundle), "PYTHONPATH": str(project.BENCH)}
    yield _mlflow(scratch, bundle, texts)
    for name in PEERS:
        if (python := _environment(name)) is None:
            continue
        words: tuple[str, ...]
        match name:
            case "BentoML":
                words = (
                    *(str(python.parent / "bentoml"), "serve"),
                    *("bench.peers.bento_service:Opinions", "--port", "{port}"),
                )
                bodies = [json.dumps({"texts": [text]}) for text in texts]
                yield Server(name, words, "/predict", bodies, scratch, own)
            case "LitServe":
                words = (str(python), "-m", "bench.peers.lit_service", "{port}")
                bodies = [json.dumps({"text": text}) for text in texts]
                yield Server(name, words, "/predict", bodies, scratch, own)
            case _:
                yield _mlserver(python, scratch, texts, own)


def _mlflow(scratch: Path, bundle: Path, texts: Sequence[str]) -> Server:
    """Return MLflow's server of the graph: it tokenises nothing, clients send token ids."""
    import mlflow.onnx
    import onnx

    from assay.modalities.text.encoding import padded

    mlflow.onnx.save_model(onnx.load(bundle / "model.onnx"), str(scratch / "mlflow"))
    encode = open_classifier(bundle).encode
    bodies = []
    for text in texts:
        feeds = padded(encode([text]).ids)  # type: ignore[attr-defined]
        bodies.append(json.dumps({"inputs": {name: ids.tolist() for name, ids in feeds.items()}}))
    words = (
        *(project.script("mlflow"), "models", "serve", "--model-uri", str(scratch / "mlflow")),
        *("--env-manager", "local", "--host", "127.0.0.1", "--port", "{port}"),
        *("--workers", str(cores.usable())),
    )
    return Server(MLFLOW, words, "/invocations", bodies, scratch)


def _mlserver(python: Path, scratch: Path, texts: Sequence[str], own: Mapping[str, str]) -> Server:
    folder = scratch / "mlserver"
    folder.mkdir()
    settings = {
        "name": "opinions",
        "implementation": "bench.peers.mls_runtime.Opinions",
        "max_batch_size": 64,
        "max_batch_time": 0.001,
    }
    (folder / "model-settings.json").write_text(json.dumps(settings))
    bodies = [
        json.dumps(
            {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": [text]}]}
        )
        for text in texts
    ]
    more = {
        "MLSERVER_HTTP_PORT": "{port}",
        "MLSERVER_GRPC_PORT": "0",
        "MLSERVER_METRICS_PORT": "0",
        "MLSERVER_PARALLEL_WORKERS": str(cores.usable()),
    }
    words = (str(python.parent / "mlserver"), "start", str(folder))
    return Server("MLServer", words, "/v2/models/opinions/infer", bodies, folder, {**own, **more})


def _environment(name: str) -> Path | None:
    """Return the Python of a peer's own environment; None where it can't be installed."""
    folder = user_cache() / "bench" / name.lower()
    python = folder / "bin/python"
    if (folder / "ready").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    say(f"bench: installing {name} (once)")
    quiet = ("--quiet", "--no-input", "--disable-pip-version-check")
    for words in (
        (sys.executable, "-m", "venv", str(folder)),
        (str(python), "-m", "pip", "install", *quiet, *PEERS[name], *BESIDE),
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            say(f"bench: {name} can't be installed here: {done.stderr.strip()[-200:]}")
            return None
    (folder / "ready").touch()
    return python


def _measured(server: Server, size: Size) -> Measured | None:
    port = _free_port()
    began = time.perf_counter()
    with _running(server, port) as process:
        url = f"http://127.0.0.1:{port}{server.path}"
        if not _answers(process, url, server.bodies[0]):
            if server.name == OURS:
                raise StageFailed(f"{OURS} does not answer")
            say(f"bench: {server.name} does not answer here")
            return None
        start = time.perf_counter() - began
        loads = {
            clients: _load(Plan(url, server.bodies, clients, size.seconds))
            for clients in size.clients
        }
        return Measured(loads, _memory(process.pid), start)


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


def _load(plan: Plan) -> Load:
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


def _memory(pid: int) -> float:
    """Return the resident memory of a process and its children in MiB."""
    first = psutil.Process(pid)
    return (
        sum(float(one.memory_info().rss) for one in (first, *first.children(recursive=True)))
        / 2**20
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _page(found: Mapping[str, Sequence[Measured]], inside: Spread, size: Size) -> str:
    absent = [name for name in dict.fromkeys((*found, *PEERS)) if not found.get(name)]
    lines = [
        line
        for clients in size.clients
        for name, runs in found.items()
        if runs
        for line in [_line(name, clients, runs, inside.median)]
    ]
    return "\n\n".join(
        [
            "**Serving.** The bundle of `opinions` behind each server, one text a request, each "
            "client with one connection and one request at a time, clients in a process of their "
            f"own on the same cores. In this process the bundle answers {inside} rows a second, "
            f"{size.texts} texts at a time. MLflow's server does not tokenise: its clients send "
            "token ids. The others batch what waits, 64 rows at most, and have as many workers as "
            "there are cores."
            + (f" Not measured, for they do not run here: {', '.join(absent)}." if absent else ""),
            facts(f"{size.rounds} rounds in turns, {size.seconds:g} s each"),
            tables.markdown(HEAD, lines),
        ]
    )


def _line(name: str, clients: int, runs: Sequence[Measured], inside: float) -> list[str]:
    loads = [run.loads[clients] for run in runs]
    rate = Spread.of([load.rate for load in loads])
    return [
        name,
        str(clients),
        str(rate),
        f"{rate.median / inside:.0%}",
        *(
            number(Spread.of([getattr(load, mark) for load in loads]).median)
            for mark in ("p50", "p95", "p99")
        ),
        str(sum(load.refused for load in loads)),
        number(Spread.of([run.memory for run in runs]).median),
        number(Spread.of([run.start for run in runs]).median),
    ]
