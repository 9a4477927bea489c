"""What batching costs a client who is alone: Assay's server, with its batcher and without.

Reads the workspace's bundle and test split. Writes nothing. The two servers share this machine's
cores with the client; each runs alone, in turns.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from assay.paths import ModelPaths
from bench import project, servers, tables
from bench.load import Plan
from bench.measure import Spread, facts, in_turns, ratios

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.load import Load
    from bench.servers import Server

UNBATCHED = "the same, unbatched"
MARKS = ("p50", "p95")
HEAD = (
    *("server", *(f"{mark}, ms" for mark in MARKS)),
    *(*(f"{mark} ÷ unbatched" for mark in MARKS), "refused"),
)


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    seconds: float
    rounds: int
    texts: int


FULL, QUICK = Size(3.0, 7, 512), Size(0.5, 2, 32)


def measure(quick: bool) -> str:
    """Return the table.

    Raises:
        MissingFile: the workspace was not built.
        NoAnswer: a server does not start.

    """
    size = QUICK if quick else FULL
    files = ModelPaths(project.MODEL)
    project.workspace(files.bundle, files.split("test"))
    ours = servers.ours(project.held_out_texts(files, size.texts))
    runs = {
        server.name: partial(_asked, server, size.seconds) for server in (ours, _unbatched(ours))
    }
    return _page(in_turns(runs, size.rounds, "idle latency"), size)


def _unbatched(ours: Server) -> Server:
    """Return the server that calls the bundle for each request, asked as ``ours`` is."""
    return replace(
        ours,
        name=UNBATCHED,
        words=(sys.executable, "-m", "bench.peers.unbatched", project.MODEL, "{port}"),
        environment=project.environment(),
    )


def _asked(server: Server, seconds: float) -> Load:
    """Return what one client sees who sends its next request when the last was answered."""
    with servers.answering(server) as answering:
        return servers.load(Plan(answering.url, server.bodies, clients=1, seconds=seconds))


def _page(found: Mapping[str, Sequence[Load]], size: Size) -> str:
    return "\n\n".join(
        [
            f"**Idle latency.** The bundle of `{project.MODEL}`, one client, one text a request, "
            "the next one sent when the last was answered. Both servers have the same routes, "
            "checks and bundle; the unbatched one has neither queue nor batches, but calls the "
            "bundle on a thread for each request. Each is started anew in every round; the ratios "
            "are of the same round.",
            facts(f"{size.rounds} rounds in turns, {size.seconds:g} s each"),
            tables.markdown(HEAD, [_line(name, loads, found) for name, loads in found.items()]),
        ]
    )


def _line(name: str, loads: Sequence[Load], found: Mapping[str, Sequence[Load]]) -> list[str]:
    own, base = _times(loads), _times(found[UNBATCHED])
    return [
        name,
        *(str(Spread.of(own[mark])) for mark in MARKS),
        *(str(Spread.of(ratios(own[mark], base[mark]))) for mark in MARKS),
        str(sum(load.refused for load in loads)),
    ]


def _times(loads: Sequence[Load]) -> dict[str, list[float]]:
    """Return each round's percentiles in milliseconds."""
    return {"p50": [load.p50 for load in loads], "p95": [load.p95 for load in loads]}
