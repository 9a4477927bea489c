"""The access log: a line of JSON for each request that has ended.

Reads requests that have ended. Writes to standard output, standard error or the end of a file, on a
thread of its own, so that a full disk or a slow reader holds no request up: past a bound lines are
dropped, and the next line says how many. A file is opened for each few lines, so that it may be
moved away by whoever rotates it. A line holds no text, no header, no query and no token.
"""

from __future__ import annotations

import json
import sys
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assay.serving.workers import Workers
from assay.visible import visible_json

if TYPE_CHECKING:
    from assay.serving.watching.observed import Observed

Target = Literal["stdout", "stderr"] | Path

# Lines that wait to be written.
MOST = 10_000
# Seconds that closing waits for what is left.
PATIENCE = 5.0


class AccessLog:
    """A log of requests; :meth:`write` is called by the server's event loop alone."""

    def __init__(self, target: Target, *, most: int = MOST) -> None:
        """Begin to write to ``target``; ``most`` lines wait at a time."""
        self._target, self._most = target, most
        self._waiting: deque[dict[str, object]] = deque()
        self._unsaid, self.dropped = 0, 0
        self._writer = Workers(self._work, "access log")
        self._writer.start()

    def write(self, found: Observed) -> None:
        """Take a request that has ended; returns at once."""
        line = line_of(found)
        with self._writer.changed:
            if len(self._waiting) >= self._most:
                self._unsaid += 1
                self.dropped += 1
                return
            if self._unsaid:
                line["dropped_before"] = self._unsaid
                self._unsaid = 0
            self._waiting.append(line)
            self._writer.changed.notify()

    def close(self) -> None:
        """Write what is left, and end."""
        self._writer.close(PATIENCE)

    def _work(self) -> None:
        while lines := self._take():
            text = "".join(f"{visible_json(json.dumps(line))}\n" for line in lines)
            try:
                self._append(text)
            except (OSError, ValueError):  # a full disk; standard output that was closed
                with self._writer.changed:
                    self._unsaid += len(lines)
                    self.dropped += len(lines)

    def _take(self) -> list[dict[str, object]]:
        """Wait for lines, and return all that there are; none at the end."""
        with self._writer.changed:
            self._writer.changed.wait_for(lambda: self._waiting or self._writer.closed)
            lines = list(self._waiting)
            self._waiting.clear()
            return lines

    def _append(self, text: str) -> None:
        if isinstance(self._target, Path):
            self._target.parent.mkdir(parents=True, exist_ok=True)
            with self._target.open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)
            return
        stream = sys.stdout if self._target == "stdout" else sys.stderr
        stream.write(text)
        stream.flush()


def line_of(found: Observed) -> dict[str, object]:
    """Return what a line says of a request; what is not known is left out."""
    line: dict[str, object] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "method": found.method,
        "path": found.path,
        "status": found.status,
        "milliseconds": round(found.seconds * 1000, 3),
        "model": found.model,
        "version": found.version,
        "rows": found.rows,
        "queue_milliseconds": round(found.queue_seconds * 1000, 3),
        "compute_milliseconds": round(found.compute_seconds * 1000, 3),
        "client": found.client,
        "gone": found.gone,
        "refused": found.refused,
    }
    asked = ("time", "method", "path", "status", "milliseconds")
    return {name: value for name, value in line.items() if value or name in asked}
