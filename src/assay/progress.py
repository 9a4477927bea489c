"""What a long step shows while it runs: a bar in a terminal, a line now and then in a log.

Writes to standard error only; of several training processes the first alone does. Lines of a log
come at each tenth of the work, so that a Prefect task or a CI page shows life without a thousand
lines.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from assay import ranks
from assay.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sized
    from typing import TypeVar

    T = TypeVar("T")


class Reports(Protocol):
    """Something that can be told how far the work is."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Count ``steps`` more as done, and show ``note`` beside the bar."""


def say(message: str) -> None:
    """Write one line for people; what a terminal would obey in it is shown."""
    if not ranks.is_first():
        return
    sys.stderr.write(visible(message) + "\n")
    sys.stderr.flush()


class Progress:
    """A context for one long step of ``total`` equal parts, ``start`` of which are done."""

    def __init__(self, name: str, total: int, *, start: int = 0) -> None:
        self._name, self._total, self._done = visible(name), max(total, 1), start
        self._started_at, self._shown = 0.0, start * 10 // self._total
        self._bar = _bar() if sys.stderr.isatty() and ranks.is_first() else None

    def __enter__(self) -> Progress:
        self._started_at = time.monotonic()
        if self._bar:
            self._bar.start()
            self._task = self._bar.add_task(
                self._name, total=self._total, completed=self._done, note=""
            )
        else:
            say(f"{self._name} ...")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Count ``steps`` more as done, and show ``note`` beside the bar."""
        self._done += steps
        if self._bar:
            self._bar.update(self._task, advance=steps, note=note)
            return
        tenth = self._done * 10 // self._total
        if tenth > self._shown:
            self._shown = tenth
            seconds = time.monotonic() - self._started_at
            say(f"{self._name} {tenth * 10:3d} %  {seconds:.0f} s  {note}".rstrip())


def track(name: str, items: Iterable[T], total: int | None = None) -> Iterator[T]:
    """Yield ``items`` under a bar."""
    count = total if total is not None else _length(items)
    with Progress(name, count) as bar:
        for item in items:
            yield item
            bar.advance()


def _length(items: Iterable[T]) -> int:
    sized: Sized = items  # type: ignore[assignment]
    return len(sized)


def _bar() -> Any:
    # rich takes 60 ms to import: only where a person looks.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description:<22}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
    )
