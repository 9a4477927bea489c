"""A challenger that answers the champion's traffic unseen.

Reads what the champion was asked and answered, after its answer has left. Writes counts of how the
two agree to ``.assay/serving/shadow/``, and no text. The challenger works on one thread of low
priority, a few rows at a time, and only while nobody waits for the champion; what it cannot keep up
with is dropped and counted. It changes no answer, and it cannot make a request fail.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from threading import get_native_id
from typing import TYPE_CHECKING, Any

from assay.bundle.classifier import Classifier
from assay.errors import UsageError
from assay.monitoring import compared
from assay.monitoring.compared import Compared
from assay.paths import ModelPaths
from assay.progress import say
from assay.serving.watching.contents import size_of
from assay.serving.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assay.bundle.classifier import Answers
    from assay.serving.served import ServedModel

# Of inputs that wait for the challenger.
MOST_ROWS, MOST_BYTES = 1000, 16_000_000
# Of the time, that the challenger computes. Processors share caches and memory, so that a request
# to the champion takes longer while the challenger computes, whatever its priority.
SHARE = 0.1
# Seconds: between two looks whether the champion is busy; between two lines of the file; that
# closing waits.
LOOK, LINE, PATIENCE = 0.002, 60.0, 10.0
LOWEST_PRIORITY = 19


@dataclass(frozen=True)
class _Asked:
    """One request as the champion answered it, in ``seconds`` if that is known."""

    champion: ServedModel
    contents: list[Any]
    labels: list[str]
    seconds: float | None

    @cached_property
    def size(self) -> int:
        """About how many bytes the inputs take."""
        return sum(map(size_of, self.contents))


@dataclass
class _Counts:
    """What was counted of one champion since the last line of the file."""

    champion: ServedModel
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: int = 0
    of_champion: Counter[int] = field(default_factory=Counter)
    of_challenger: Counter[int] = field(default_factory=Counter)

    def record(self, challenger: ServedModel, dropped: int) -> Compared:
        """Return it as a line of the file says it."""
        apart: dict[str, dict[str, int]] = {}
        for (first, second), count in self.pairs.items():
            if first != second:
                apart.setdefault(first, {})[second] = count
        disagreements = sum(sum(others.values()) for others in apart.values())
        return Compared(
            champion=self.champion.label,
            champion_digest=self.champion.digest,
            challenger=challenger.label,
            challenger_digest=challenger.digest,
            since=self.since.isoformat(timespec="seconds"),
            until=datetime.now(UTC).isoformat(timespec="seconds"),
            rows=self.pairs.total(),
            agreements=self.pairs.total() - disagreements,
            disagreements=apart,
            failed=self.failed,
            dropped=dropped,
            champion_latencies=dict(self.of_champion),
            challenger_latencies=dict(self.of_challenger),
        )


class Shadow:
    """A challenger of one model."""

    def __init__(
        self,
        model: str,
        challenger: ServedModel,
        *,
        busy: Callable[[], bool],
        most_rows: int = MOST_ROWS,
        most_bytes: int = MOST_BYTES,
        share: float = SHARE,
        line: float = LINE,
    ) -> None:
        """Begin to ask a challenger.

        Args:
            model: the name under which the champion is served.
            challenger: opened with one thread.
            busy: whether the champion has something to do; called from the challenger's thread.
            most_rows: that wait for the challenger.
            most_bytes: of these.
            share: of the time that the challenger computes at most, up to 1.
            line: seconds between two lines of the file.

        Raises:
            UsageError: the challenger gives no labels.
            RecordRefused: the file of earlier comparisons is none.

        """
        if not isinstance(challenger.bundle, Classifier):
            raise UsageError(
                f"{challenger.name} gives no labels, so that its answers cannot be compared",
                expected="a challenger that is a classifier",
                cure="serve it without a challenger",
            )
        self._challenger, self._bundle = challenger, challenger.bundle
        self._model, self._path = model, ModelPaths(model).shadow
        compared.compact(self._path)
        self._busy, self._most_rows, self._most_bytes = busy, most_rows, most_bytes
        self._share, self._line, self._said = share, line, False
        self._waiting: deque[_Asked] = deque()
        self._rows, self._bytes, self._unsaid = 0, 0, 0
        self._found: dict[str, _Counts] = {}
        self.rows, self.agreements, self.dropped = 0, 0, 0
        self._asker = Workers(self._work, "challenger")
        self._asker.start()

    def offer(
        self,
        champion: ServedModel,
        contents: Sequence[Any],
        answers: Answers,
        seconds: float | None = None,
    ) -> None:
        """Take what the champion was asked and answered; returns at once, and never raises.

        What other models were asked is left alone. ``seconds`` is how long the champion's graph
        took, where that is known: it is shown beside the challenger's time.
        """
        if champion.name != self._model:
            return
        # Before anything that takes as long as there are rows.
        if self._asker.closed or self._rows + len(contents) > self._most_rows:
            self._drop(len(contents))
            return
        try:
            names = champion.manifest.labels
            labels = [names[number] for number in answers.probabilities.argmax(axis=1)]
            self._enter(_Asked(champion, list(contents), labels, seconds))
        except Exception as problem:
            self._drop(len(contents))
            self._say(problem)

    def close(self) -> None:
        """Drop what waits, write what was counted, and end."""
        self._asker.close(PATIENCE)

    def _enter(self, asked: _Asked) -> None:
        rows, size = len(asked.contents), asked.size
        with self._asker.changed:
            if self._bytes + size <= self._most_bytes:
                self._waiting.append(asked)
                self._rows, self._bytes = self._rows + rows, self._bytes + size
                self._asker.changed.notify()
                return
        self._drop(rows)

    def _drop(self, rows: int) -> None:
        with self._asker.changed:
            self.dropped += rows
            self._unsaid += rows

    def _work(self) -> None:
        _lower_priority()
        due = time.monotonic() + self._line
        while not self._asker.closed:
            asked = self._take(due)
            if asked is not None:
                self._ask(asked)
            if time.monotonic() >= due:
                self._write()
                due = time.monotonic() + self._line
        self._drop(self._rows)
        self._write()

    def _take(self, due: float) -> _Asked | None:
        """Wait for a request until something else is due."""
        with self._asker.changed:
            wait = max(0.0, due - time.monotonic())
            self._asker.changed.wait_for(lambda: self._waiting or self._asker.closed, wait)
            if self._asker.closed or not self._waiting:
                return None
            asked = self._waiting.popleft()
            self._rows, self._bytes = self._rows - len(asked.contents), self._bytes - asked.size
            return asked

    def _ask(self, asked: _Asked) -> None:
        counts = self._found.setdefault(asked.champion.digest, _Counts(asked.champion))
        rows = len(asked.contents)
        for content, label in zip(asked.contents, asked.labels, strict=True):
            if not self._wait_until_idle():
                self._drop(rows)
                return
            rows -= 1
            began = time.perf_counter()
            try:
                best = self._bundle.predict([content]).probabilities.argmax()
            except Exception as problem:
                counts.failed += 1
                self._say(problem)
                continue
            seconds = time.perf_counter() - began
            counts.of_challenger[compared.bucket(seconds)] += 1
            if asked.seconds is not None:
                counts.of_champion[compared.bucket(asked.seconds / len(asked.contents))] += 1
            self._count(counts, label, self._bundle.labels[best])
            self._rest(seconds)

    def _count(self, counts: _Counts, label: str, other: str) -> None:
        counts.pairs[label, other] += 1
        self.agreements += label == other
        self.rows += 1

    def _rest(self, seconds: float) -> None:
        """Leave the processor to others, so long as makes the challenger's share of the time."""
        with self._asker.changed:
            self._asker.changed.wait_for(
                lambda: self._asker.closed, seconds * (1 / self._share - 1)
            )

    def _wait_until_idle(self) -> bool:
        """Wait while the champion has something to do; tell whether to go on then."""
        while self._is_busy() and not self._asker.closed:
            time.sleep(LOOK)
        return not self._asker.closed

    def _is_busy(self) -> bool:
        try:
            return self._busy()
        except Exception as problem:  # of a model that is not served at this moment
            self._say(problem)
            return True

    def _write(self) -> None:
        """Append what was counted; where that fails, keep it for the next time."""
        with self._asker.changed:
            dropped, self._unsaid = self._unsaid, 0
        for digest, counts in list(self._found.items()):
            try:
                compared.append(self._path, counts.record(self._challenger, dropped))
            except OSError as problem:
                self._say(problem)
                continue
            del self._found[digest]
            dropped = 0
        with self._asker.changed:
            self._unsaid += dropped

    def _say(self, problem: Exception) -> None:
        if not self._said:
            self._said = True
            name = type(problem).__name__
            say(f"the challenger of {self._challenger.name} misses some rows: {name}")


def _lower_priority() -> None:
    """Let every other thread of this process go first, and all that this one starts come last."""
    # Elsewhere than on Linux a priority is one of the whole process.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, get_native_id(), LOWEST_PRIORITY)
