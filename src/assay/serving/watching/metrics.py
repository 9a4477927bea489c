"""Metrics of the server for Prometheus, under the names that Triton has for them.

Reads requests that have ended, and what it is told of models. Writes the text that Prometheus
asks for, and nothing else. Its labels are names and versions of models that are served: never what
a client made up. A model that is no longer served, and a version that was replaced a few times,
take their labels along, so that memory stays bounded.

Names and meanings: Triton's "Metrics" page (docs/user_guide/metrics.md of its server), where a
request that was refused because there were too many has the reason ``REJECTED``, one whose client
went away ``CANCELED``, a fault of the server ``BACKEND``, and all else ``OTHER``.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from assay.serving.refusals import NotReady, TooMany

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assay.serving.watching.observed import Observed

# The text format; OpenMetrics would want "_total" behind Triton's names.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# prometheus_client writes "_total" behind the name of every counter in the lines above its samples.
SUFFIXED = re.compile(rb"^(# (?:HELP|TYPE) nv_\w+)_total ", re.MULTILINE)
# Versions of a model that keep their counts: requests that began before a swap end after it.
KEPT_VERSIONS = 4
REASONS = ("REJECTED", "CANCELED", "BACKEND", "OTHER")
REJECTED = (TooMany.status, NotReady.status)
# Seconds, the upper bounds of the histogram.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MICROSECONDS = 1e6
LABELS = ("model", "version")

HELP = {
    "nv_inference_request_success": "Requests that were answered, a batch counting once",
    "nv_inference_request_failure": "Requests that were not answered, a batch counting once",
    "nv_inference_count": "Rows that were answered",
    "nv_inference_exec_count": "Batches that a model ran",
    "nv_inference_request_duration_us": "Microseconds of requests from first byte to last",
    "nv_inference_queue_duration_us": "Microseconds that requests waited for their batch",
    "nv_inference_compute_input_duration_us": "Microseconds of parsing and encoding inputs",
    "nv_inference_compute_infer_duration_us": "Microseconds in a model's graph",
    "nv_inference_compute_output_duration_us": "Microseconds of making answers",
}
DURATIONS = {
    "nv_inference_request_duration_us": "seconds",
    "nv_inference_queue_duration_us": "queue_seconds",
    "nv_inference_compute_input_duration_us": "input_seconds",
    "nv_inference_compute_infer_duration_us": "compute_seconds",
    "nv_inference_compute_output_duration_us": "output_seconds",
}


@dataclass
class _Served:
    """What is counted of one version of one model; ``waiting`` tells how many requests wait."""

    waiting: Callable[[], int] | None = None
    success: int = 0
    failures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    rows: int = 0
    batches: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(DURATIONS, 0.0))


class Metrics(Collector):
    """All metrics of one server. Its methods may be called from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._models: dict[str, OrderedDict[str, _Served]] = {}
        self._swaps: dict[str, dict[str, int]] = {}
        self._followed: dict[str, tuple[str, Callable[[], int]]] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self._answers = Counter(
            "assay_http_requests", "Requests by their status", ("status",), registry=self._registry
        )
        self._latency = Histogram(
            "assay_request_duration_seconds",
            "Seconds of requests from first byte to last; no model: those that ask for none",
            ("model",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)

    def serve(self, model: str, version: str, waiting: Callable[[], int] | None = None) -> None:
        """Say that a version of a model answers from now on.

        ``waiting`` tells how many requests wait in its queue; it is called at each scrape.
        """
        with self._lock:
            versions = self._models.setdefault(model, OrderedDict())
            for served in versions.values():
                served.waiting = None
            versions.setdefault(version, _Served()).waiting = waiting
            versions.move_to_end(version)
            while len(versions) > KEPT_VERSIONS:
                versions.popitem(last=False)
            self._swaps.setdefault(model, {"done": 0, "refused": 0})

    def forget(self, model: str) -> None:
        """Say that a model is served no more."""
        with self._lock:
            self._models.pop(model, None)
            self._swaps.pop(model, None)
            self._latency.remove(model)

    def count_swap(self, model: str, *, done: bool) -> None:
        """Count that another version of a served model took over, or was refused."""
        with self._lock:
            if model in self._swaps:
                self._swaps[model]["done" if done else "refused"] += 1

    def count_batch(self, model: str, version: str) -> None:
        """Count a batch that a model ran, of one or more requests."""
        with self._lock:
            if served := self._served(model, version):
                served.batches += 1

    def follow(self, name: str, documentation: str, value: Callable[[], int]) -> None:
        """Show a number that only grows, e.g. rows that a log dropped, as ``<name>_total``."""
        self._followed[name] = documentation, value

    def observe(self, found: Observed) -> None:
        """Count a request that has ended."""
        self._answers.labels(f"{found.status // 100}xx").inc()
        with self._lock:
            known = found.model in self._models
            self._latency.labels(found.model if known else "").observe(found.seconds)
            served = self._served(found.model, found.version)
            if served is None or not found.inference:
                return
            for name, attribute in DURATIONS.items():
                served.seconds[name] += getattr(found, attribute)
            if found.succeeded:
                served.success += 1
                served.rows += found.rows
            else:
                served.failures[reason_of(found)] += 1

    def _served(self, model: str, version: str) -> _Served | None:
        versions = self._models.get(model)
        return versions.get(version) if versions else None

    def text(self) -> bytes:
        """Return all metrics as :data:`CONTENT_TYPE` has them."""
        return SUFFIXED.sub(rb"\1 ", generate_latest(self._registry))

    def collect(self) -> Iterator[Metric]:
        """Yield what is counted here, for the registry."""
        with self._lock:
            found = [*self._of_versions(), *self._of_models()]
        yield from found
        for name, (documentation, value) in list(self._followed.items()):
            yield CounterMetricFamily(name, documentation, value=value())

    def _of_versions(self) -> Iterator[Metric]:
        families = {name: Metric(name, text, "counter") for name, text in HELP.items()}
        pending = GaugeMetricFamily(
            "nv_inference_pending_request_count", "Requests that wait for a batch", labels=LABELS
        )
        for model, versions in self._models.items():
            for version, served in versions.items():
                labels = {"model": model, "version": version}
                for name, value in _values(served).items():
                    families[name].add_sample(name, labels, value)
                for reason, count in served.failures.items():
                    name = "nv_inference_request_failure"
                    families[name].add_sample(name, {**labels, "reason": reason}, count)
                if served.waiting is not None:
                    pending.add_metric((model, version), served.waiting())
        yield from (*families.values(), pending)

    def _of_models(self) -> Iterator[Metric]:
        version = GaugeMetricFamily(
            "assay_served_version", "The release that answers; 0: the workspace", labels=("model",)
        )
        swaps = CounterMetricFamily(
            "assay_swaps",
            "Versions that took over while the server ran, and those that were refused",
            labels=("model", "outcome"),
        )
        for model, versions in self._models.items():
            newest = next(reversed(versions))
            version.add_metric((model,), int(newest) if newest.isdecimal() else 0)
            for outcome, count in self._swaps[model].items():
                swaps.add_metric((model, outcome), count)
        yield from (version, swaps)


def reason_of(found: Observed) -> str:
    """Return why a request failed, in Triton's words."""
    if found.gone:
        return "CANCELED"
    if found.status in REJECTED:
        return "REJECTED"
    return "BACKEND" if found.status >= 500 else "OTHER"


def _values(served: _Served) -> dict[str, float]:
    """Return what has no more labels than model and version."""
    durations = {name: round(value * MICROSECONDS) for name, value in served.seconds.items()}
    return {
        "nv_inference_request_success": served.success,
        "nv_inference_count": served.rows,
        "nv_inference_exec_count": served.batches,
        **durations,
    }
