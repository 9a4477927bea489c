"""A log of some of the rows that were predicted, for who asks for it: what monitoring reads.

Reads what a model was asked and answered. Writes Parquet files below
``.assay/serving/predictions/``, on a thread of its own: no request waits for it, and past a bound
rows are dropped and counted. What it writes of an input is masked
(:mod:`assay.serving.watching.contents`). Which rows are kept is drawn for each row alone, whatever
it holds and whoever asks.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from assay.monitoring import logged
from assay.paths import ModelPaths
from assay.progress import say
from assay.serving.watching.contents import columns_of, size_of
from assay.serving.watching.prediction_files import Bounds, PartFiles
from assay.serving.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.bundle.classifier import Answers
    from assay.serving.served import ServedModel

# Bytes of inputs that wait to be masked.
MOST_BYTES = 32_000_000
# Seconds that closing waits for what is left.
PATIENCE = 10.0


@dataclass(frozen=True)
class _Predicted:
    """Rows of one request that were drawn; ``size`` in bytes, about."""

    served: ServedModel
    time: datetime
    contents: list[Any]
    probabilities: np.ndarray[Any, np.dtype[np.float64]]
    size: int


class PredictionLog:
    """The log of all models of a server."""

    def __init__(
        self,
        share: float,
        *,
        bounds: Bounds | None = None,
        seed: int | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Begin to keep a share of all rows, 0 to 1.

        ``seed`` makes the drawing the same again, where requests come in the same order.
        """
        self._share, self._bounds, self._most = share, bounds or Bounds(), most_bytes
        self._random, self._drawing = np.random.default_rng(seed), Lock()
        self._waiting: deque[_Predicted] = deque()
        self._bytes = 0
        self._files: dict[str, PartFiles] = {}
        self._said = False
        self.dropped = 0
        self._writer = Workers(self._work, "prediction log")
        self._writer.start()

    def offer(self, served: ServedModel, contents: Sequence[Any], answers: Answers) -> None:
        """Take what a model was asked and answered; returns at once, and never raises."""
        with self._drawing:
            drawn = np.flatnonzero(self._random.random(len(contents)) < self._share).tolist()
        if drawn:
            self._try(lambda: self._enter(served, contents, answers, drawn), len(drawn))

    def _enter(
        self, served: ServedModel, contents: Sequence[Any], answers: Answers, drawn: list[int]
    ) -> None:
        """Let rows wait to be masked, if there is room."""
        chosen = [contents[place] for place in drawn]
        size = sum(map(size_of, chosen))
        probabilities = answers.probabilities[drawn]
        with self._writer.changed:
            if self._writer.closed or self._bytes + size > self._most:
                self.dropped += len(drawn)
                return
            self._bytes += size
            now = datetime.now(UTC)
            self._waiting.append(_Predicted(served, now, chosen, probabilities, size))
            self._writer.changed.notify()

    def close(self) -> None:
        """Write what is left, and end."""
        self._writer.close(PATIENCE)

    def _work(self) -> None:
        while True:
            found, closed = self._take()
            if found is not None:
                self._add(found)
            for files in self._files.values():
                if files.due <= time.monotonic() or (closed and found is None):
                    self._try(files.write, files.rows)
            if closed and found is None:
                return

    def _take(self) -> tuple[_Predicted | None, bool]:
        """Wait for rows until a file is due; tell whether the log is closed, too."""
        with self._writer.changed:
            due = min((files.due for files in self._files.values()), default=float("inf"))
            wait = None if due == float("inf") else max(0.0, due - time.monotonic())
            self._writer.changed.wait_for(lambda: self._waiting or self._writer.closed, wait)
            found = self._waiting.popleft() if self._waiting else None
            self._bytes -= found.size if found else 0
            return found, self._writer.closed

    def _add(self, found: _Predicted) -> None:
        name = found.served.name
        if name not in self._files:
            self._files[name] = PartFiles(ModelPaths(name).served_predictions, self._bounds)
        files = self._files[name]
        self._try(lambda: files.add(_table(found)), files.rows + len(found.contents))

    def _try(self, write: Callable[[], None], rows: int) -> None:
        """Do what takes or writes rows; where that fails, count its rows, and say so once."""
        try:
            write()
        except Exception as problem:
            with self._writer.changed:
                self.dropped += rows
            if not self._said:
                self._said = True
                say(f"the log of predictions loses rows: {type(problem).__name__}")


def _table(found: _Predicted) -> pa.Table:
    """Return rows as they are kept."""
    rows, served = len(found.contents), found.served
    kept = columns_of(found.contents, served.manifest)
    columns = {
        logged.TIME: pa.array([found.time] * rows, pa.timestamp("ms", tz="UTC")),
        logged.VERSION: pa.array([served.label] * rows, pa.string()),
        logged.DIGEST: pa.array([served.digest] * rows, pa.string()),
        **{f"{logged.INPUT}{name}": column for name, column in kept.items()},
        **logged.answered(found.probabilities, served.manifest.labels),
    }
    return pa.table(columns)
