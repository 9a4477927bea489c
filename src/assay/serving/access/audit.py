"""The record of each call: who, which model, when, how many rows, and how it ended.

Reads nothing. Writes ``.assay/serving/audit.jsonl``, a JSON object a line, readable by its owner
alone, and the older files beside it. Never holds a text or a token: the route is what the server
calls it, not what the client wrote.

A thread of its own writes, so that no request waits for a disk. When the disk can't keep up, or is
full, requests are answered and their lines left out; the next line that is written is preceded by
one that says how many. Lines wait for a tenth of a second at most, which a killed server loses.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from assay.paths import AUDIT
from assay.serving.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GATHER = 0.1  # seconds for which lines wait for others
LONGEST_END = 5.0  # seconds in which the last lines are written

log = logging.getLogger("assay.serving")


@dataclass(frozen=True, slots=True)
class Call:
    """One call; ``status`` 0: the client had gone before it was answered."""

    time: datetime
    who: str
    address: str
    method: str
    route: str
    model: str
    version: str
    rows: int
    status: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Gap:
    """How many calls before this line are not in the record."""

    time: datetime
    unlisted: int


class Audit:
    """Writes calls to a file, behind a bounded queue."""

    def __init__(
        self, path: Path = AUDIT, *, size: int = 16 * 2**20, older: int = 9, waiting: int = 10_000
    ) -> None:
        """Write to ``path``: past ``size`` bytes into a new file, ``older`` full ones are kept.

        At most ``waiting`` calls wait to be written. Nothing happens before :meth:`start`.
        """
        self._path, self._size, self._older = path, size, older
        self._waiting = waiting
        self._calls: deque[Call] = deque()
        self._writer = Workers(self._run, "audit")
        # Two counts, each changed by one thread: the server's, the writer's.
        self._left_out, self._unwritten = 0, 0
        self._told = 0

    @property
    def unlisted(self) -> int:
        """How many calls are not in the record, since the start."""
        return self._left_out + self._unwritten

    def start(self) -> None:
        """Start to write."""
        self._writer.start()

    def put(self, call: Call) -> None:
        """Record a call, without waiting; leave it out when too many wait."""
        with self._writer.changed:
            if len(self._calls) >= self._waiting:
                self.leave_out()
                return
            self._calls.append(call)
            if len(self._calls) == 1:
                self._writer.changed.notify()

    def leave_out(self) -> None:
        """Count a call that is not recorded."""
        self._left_out += 1

    def close(self) -> None:
        """Write what waits, and end. Waits for the disk: not for the server's own thread."""
        if not self._writer.close(LONGEST_END):
            log.error("the audit log lacks %d calls: the disk is too slow", len(self._calls))

    def _run(self) -> None:
        while calls := self._take():
            self._write(calls)
        # Calls may have been left out since.
        self._write([])

    def _take(self) -> list[Call]:
        """Wait for a call and those that come soon after; return none at the end."""
        with self._writer.changed:
            self._writer.changed.wait_for(lambda: self._calls or self._writer.closed)
            self._writer.changed.wait_for(lambda: self._writer.closed, GATHER)
            calls = list(self._calls)
            self._calls.clear()
            return calls

    def _write(self, calls: Sequence[Call]) -> None:
        unlisted = self.unlisted
        lines = b"".join(_line(call) for call in calls)
        if unlisted > self._told:
            lines = _line(Gap(datetime.now(UTC), unlisted - self._told)) + lines
        try:
            if lines:
                self._append(lines)
            self._told = unlisted
        except OSError as problem:
            self._unwritten += len(calls)
            log.error("the audit log %s cannot be written: %s", self._path, problem.strerror)

    def _append(self, lines: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Another server of this project may write as well, and start a new file.
        with self._path.with_name(f".{self._path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            opened = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(opened, "ab") as stream:
                stream.write(lines)
                is_full = stream.tell() >= self._size
            if is_full:
                self._begin_another()

    def _begin_another(self) -> None:
        for number in range(self._older - 1, 0, -1):
            if self._numbered(number).exists():
                self._numbered(number).replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def _line(entry: Call | Gap) -> bytes:
    return orjson.dumps(entry, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)
