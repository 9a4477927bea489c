"""Clients that ask one HTTP server, in a process of their own: ``python -m bench.load``.

Reads a plan as JSON from standard input, writes what was measured as JSON to standard output. Each
client has one connection that it keeps, and sends its next request when the last was answered. The
reading of answers is as small as it can be, for it takes its share of the same two cores from every
server alike.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import uvloop

if TYPE_CHECKING:
    from collections.abc import Sequence

LENGTH = b"content-length:"
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class Plan:
    """What is sent, by how many clients, and for how long.

    Attributes:
        url: of the route.
        bodies: JSON bodies, sent in turn.
        clients: how many connections.
        seconds: for which answers are counted.
        warmup: seconds before that.

    """

    url: str
    bodies: list[str]
    clients: int
    seconds: float
    warmup: float = 1.0


@dataclass(frozen=True)
class Load:
    """What the clients saw; times in milliseconds.

    Attributes:
        rate: answered requests a second.
        p50: median of the time from the first byte sent to the last one received.
        p95: its 95th percentile.
        p99: its 99th percentile.
        refused: answers other than 200.

    """

    rate: float
    p50: float
    p95: float
    p99: float
    refused: int


class _Client:
    """One connection."""

    def __init__(self, plan: Plan, requests: Sequence[bytes], begin: float, end: float) -> None:
        self._host, self._port = urlsplit(plan.url).hostname, urlsplit(plan.url).port
        self._requests, self._begin, self._end = requests, begin, end
        self.times: list[float] = []
        self.refused = 0

    async def run(self, first: int) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        place = first
        while (sent := time.perf_counter()) < self._end:
            writer.write(self._requests[place % len(self._requests)])
            status = await _answer(reader)
            if sent >= self._begin:
                self.times.append(time.perf_counter() - sent)
                self.refused += status != b"200"
            place += 1
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """Read one answer; return its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next((int(line[len(LENGTH) :]) for line in lines if line.startswith(LENGTH)), None)
    if length is not None:
        await reader.readexactly(length)
    else:
        await _chunks(reader)
    return lines[0].split()[1]


async def _chunks(reader: asyncio.StreamReader) -> None:
    while size := int((await reader.readline()).split(b";")[0], 16):
        await reader.readexactly(size + 2)
    await reader.readline()


async def _run(plan: Plan) -> Load:
    requests = [_request(plan.url, body.encode()) for body in plan.bodies]
    begin = time.perf_counter() + plan.warmup
    clients = [_Client(plan, requests, begin, begin + plan.seconds) for _ in range(plan.clients)]
    step = max(1, len(requests) // plan.clients)
    await asyncio.gather(*(one.run(place * step) for place, one in enumerate(clients)))
    times = np.array([seconds for one in clients for seconds in one.times]) * 1000
    p50, p95, p99 = np.percentile(times, PERCENTILES).tolist()
    rate = len(times) / plan.seconds
    return Load(rate, p50, p95, p99, refused=sum(one.refused for one in clients))


def _request(url: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(_run(Plan(**json.load(sys.stdin)))))))
