"""The served bundle beside other servers of the same bundle, with the same clients.

Reads the workspace's bundle and test split. Writes a temporary folder, and what
:mod:`bench.peer_servers` writes. Servers and clients share this machine's cores; each server runs
alone, in turns.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assay import cores
from assay.paths import ModelPaths
from assay.progress import Progress, say
from assay.tasks.bundles import open_classifier
from bench import peer_servers, project, servers, tables
from bench.load import Plan
from bench.measure import Spread, facts, number, ratios

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.load import Load
    from bench.servers import Server

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
    files = ModelPaths(project.MODEL)
    project.workspace(files.bundle, files.split("test"))
    texts = project.held_out_texts(files, size.texts)
    with tempfile.TemporaryDirectory() as scratch:
        listed = [
            servers.ours(texts),
            *peer_servers.peers(Path(scratch), files.bundle.absolute(), texts),
        ]
        inside: dict[int, list[float]] = {len(texts): [], size.clients[-1]: []}
        many: dict[int, list[float]] = {texts_each: [] for texts_each in TOGETHER}
        found: dict[str, list[Measured]] = {server.name: [] for server in listed}
        with Progress("serving", size.rounds * len(listed)) as bar:
            for _ in range(size.rounds):
                for each, rates in inside.items():
                    rates.append(_inside(files.bundle, texts, size.seconds, each))
                for rows_each, rate in _many(texts, size.seconds).items():
                    many[rows_each].append(rate)
                for server in listed:
                    if (one := _measured(server, size)) is not None:
                        found[server.name].append(one)
                    bar.advance(note=server.name)
    page = _page(found, {each: Spread.of(rates) for each, rates in inside.items()}, size)
    return "\n\n".join([page, _together(many, inside[len(texts)])])


def _inside(bundle: Path, texts: Sequence[str], seconds: float, each: int) -> float:
    """Return the rows a second in this process, ``each`` at a time, all cores at work."""
    opened = open_classifier(bundle, threads=cores.usable())
    parts = itertools.cycle([texts[start : start + each] for start in range(0, len(texts), each)])
    opened.predict(texts)
    began, rows = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        rows += len(opened.predict(next(parts)).probabilities)
    return rows / spent


def _many(texts: Sequence[str], seconds: float) -> dict[int, float]:
    """Return the rows a second of our server, by the texts of a request."""
    found = {}
    with servers.answering(servers.ours(texts)) as answering:
        for each in (each for each in TOGETHER if each <= len(texts)):
            parts = [texts[start : start + each] for start in range(0, len(texts), each)]
            bodies = servers.inputs(part for part in parts if len(part) == each)
            found[each] = each * servers.load(Plan(answering.url, bodies, ASKING, seconds)).rate
    return found


def _measured(server: Server, size: Size) -> Measured | None:
    """Measure a server in one round; None where a peer does not answer."""
    try:
        with servers.answering(server) as answering:
            loads = {
                clients: servers.load(Plan(answering.url, server.bodies, clients, size.seconds))
                for clients in size.clients
            }
            return Measured(loads, answering.memory, answering.start)
    except servers.NoAnswer as problem:
        if server.name == servers.OURS:
            raise
        say(f"bench: {problem.found} here")
        return None


def _together(many: Mapping[int, Sequence[float]], inside: Sequence[float]) -> str:
    lines = [
        [str(each), str(Spread.of(rates)), f"{Spread.of(ratios(rates, inside)).median:.0%}"]
        for each, rates in many.items()
        if rates
    ]
    head = ("texts a request", "rows a second", "share of the bundle in the same round")
    return f"Assay's server, {ASKING} clients:\n\n{tables.markdown(head, lines)}"


def _page(found: Mapping[str, Sequence[Measured]], inside: Mapping[int, Spread], size: Size) -> str:
    """Return the table of all servers; ``inside``: rows a second in-process, by texts at a time."""
    most, clients_at_once = max(inside), size.clients[-1]
    absent = [name for name in dict.fromkeys((*found, *peer_servers.PEERS)) if not found.get(name)]
    lines = [
        line
        for clients in size.clients
        for name, runs in found.items()
        if runs
        for line in [_line(name, clients, runs, inside[most].median)]
    ]
    return "\n\n".join(
        [
            "**Serving.** The bundle of `opinions` behind each server, one text a request, each "
            "client with one connection and one request at a time, clients in a process of their "
            f"own on the same cores. In this process the bundle answers {inside[most]} rows a "
            f"second, {most} texts at a time, and {inside[clients_at_once]} when it is given "
            f"{clients_at_once} at a time, as many as the most clients ask together. MLflow's "
            "server does not tokenise: its clients send token ids. The others batch what waits, 64 "
            "rows at most, and have as many workers as there are cores."
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
