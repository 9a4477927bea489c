"""What stages write while they work: live from a training, the metrics of all at the end.

Reads a model's reports. Writes to the tracking store, from a thread of its own. Never waits
for the network and never fails a stage: a fault is one line on standard error, and
``assay track MODEL`` logs from files what is missing. Where the environment variable
``ASSAY_LIVE_TRACKING`` is ``off``, stages log nothing, and need no MLflow.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Literal

from assay.errors import RecordRefused, StoreFailed
from assay.gateways.tracking import runs, store
from assay.gateways.tracking.metrics import reported_metrics
from assay.progress import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from mlflow import MlflowClient

    from assay.paths import ModelPaths

FLUSH_EVERY = 2.0  # seconds
CLOSE_WITHIN = 8.0  # seconds for the last points; a healthy store needs a fraction of one
VARIABLE, OFF = "ASSAY_LIVE_TRACKING", "off"

Status = Literal["FINISHED", "FAILED", "KILLED"]


class Journal:
    """The live log of one training; a context manager that marks the run FAILED on an error.

    Points are kept until they are stored. When the store fails, nothing more is tried until the
    end, and then once.
    """

    def __init__(self, model: str, params: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """Use :meth:`open` or :meth:`silent`."""
        self._model, self._params, self._tags = model, params, tags
        self._client: MlflowClient | None = None
        self._run_id: str | None = None
        self._points: list[runs.Point] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._ending: tuple[str | None, Status] = (None, "FINISHED")
        self._failed = False
        self._thread: threading.Thread | None = None

    @classmethod
    def open(cls, model: str, *, params: Mapping[str, object], tags: Mapping[str, str]) -> Journal:
        """Start a run; or resume the unfinished one that bears the same ``assay.training``.

        ``params`` may be nested, as ``settings.model_dump(by_alias=True)`` is: they are logged as
        ``train.learning_rate``. Takes at most seconds, whatever the store does.
        """
        if is_off():
            return cls.silent()
        journal = cls(model, runs.flatten(params), dict(tags))
        # Imports belong to the main thread: two threads importing at once may see half a module.
        journal._attempt(journal._connected)
        journal._thread = threading.Thread(target=journal._work, name="journal", daemon=True)
        journal._thread.start()
        return journal

    @classmethod
    def silent(cls) -> Journal:
        """Return a journal that keeps nothing: for tests and benchmarks."""
        return cls("", {}, {})

    @property
    def alive(self) -> bool:
        """Whether points reach the store."""
        return self._thread is not None and not self._failed and not self._closing.is_set()

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Take the figures of one step; they are stored within about two seconds."""
        if self._thread is not None:
            with self._lock:
                self._points += runs.points(metrics, step)

    def close(self, weights: str | None = None, status: Status = "FINISHED") -> None:
        """Store what is left and end the run; ``weights`` is the SHA-256 of the checkpoint.

        A second call does nothing.
        """
        if self._thread is None or self._closing.is_set():
            return
        self._ending = (weights, status)
        self._closing.set()
        self._thread.join(CLOSE_WITHIN)
        if self._thread.is_alive():
            self._fail(
                f"{store.shown(store.address())} did not take it within {CLOSE_WITHIN:.0f} seconds"
            )

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.close(None, "FAILED" if issubclass(kind, Exception) else "KILLED")

    def _work(self) -> None:
        """Run the thread: begin, store now and then, end."""
        if not self._failed:
            self._attempt(self._begin)
        while not self._closing.wait(FLUSH_EVERY):
            if not self._failed:
                self._attempt(self._flush)
        self._attempt(self._end)

    def _attempt(self, act: Callable[[], object]) -> None:
        try:
            with store.failures():
                act()
        except StoreFailed as problem:
            self._fail(problem.found)

    def _fail(self, why: str) -> None:
        if not self._failed:
            warn(self._model, why)
        self._failed = True

    def _begin(self) -> None:
        client = self._connected()
        experiment = store.experiment(client, self._model)
        run = None
        if mark := self._tags.get(runs.TRAINING):
            unfinished = f"tags.`{runs.TRAINING}` = '{mark}' and attributes.status != 'FINISHED'"
            run = runs.find(client, experiment, unfinished)
        if run is not None:
            client.update_run(run.info.run_id, status="RUNNING")
        else:
            run = runs.start(client, experiment, runs.named(self._model, None), self._tags)
        runs.write(client, run.info.run_id, params=runs.unknown(run, self._params))
        self._run_id = run.info.run_id

    def _flush(self) -> None:
        # A point is let go only when it is stored: a fault keeps it for the next try.
        with self._lock:
            taken = list(self._points)
        runs.write(self._connected(), str(self._run_id), metrics=taken)
        with self._lock:
            del self._points[: len(taken)]

    def _end(self) -> None:
        if self._failed:
            self._client = None  # asks anew whether anybody answers, and that within two seconds
        if self._run_id is None:
            self._begin()
        self._flush()
        client, run_id = self._connected(), str(self._run_id)
        weights, status = self._ending
        if weights:
            runs.write(client, run_id, tags={runs.WEIGHTS: weights})
            client.update_run(run_id, name=runs.named(self._model, weights))
        client.set_terminated(run_id, status)

    def _connected(self) -> MlflowClient:
        if self._client is None:
            self._client = store.connect()
        return self._client


def add_metrics(
    model: str,
    weights: str,
    metrics: Mapping[str, float],
    tags: Mapping[str, str] | None = None,
) -> None:
    """Add metrics to the run that trained ``weights`` (SHA-256 of the checkpoint).

    A run is made when there is none. A fault of the store is a line on standard error.
    """
    try:
        with store.failures():
            client = store.connect()
            run = runs.of_weights(client, model, weights)
            fresh = runs.points(runs.news(run, metrics))
            runs.write(client, run.info.run_id, metrics=fresh, tags=tags)
    except StoreFailed as problem:
        warn(model, problem.found)


def add_reported_metrics(files: ModelPaths, weights: str) -> None:
    """Add the metrics of a built model's reports to the run that trained ``weights``.

    A report that can't be read, like a fault of the store, is a line on standard error.
    """
    if is_off():
        return
    try:
        found = reported_metrics(files)
    except RecordRefused as problem:
        warn(files.model, problem.found)
    else:
        add_metrics(files.model, weights, found)


def is_off() -> bool:
    """Tell whether live tracking is off: the command that ends the run then logs it from files."""
    return os.environ.get(VARIABLE) == OFF


def warn(model: str, why: str) -> None:
    """Say once what is not logged, and how to log it later."""
    say(f"tracking: {why}; log it later with: assay track {model}")
