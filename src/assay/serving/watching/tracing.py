"""Traces: a span of each request, for who names a collector that takes OTLP over HTTP.

Reads requests that have ended, and OpenTelemetry's own variables of the environment, such as
``OTEL_EXPORTER_OTLP_HEADERS``. Sends spans to the collector on a thread of OpenTelemetry's, which
no request waits for: past a bound, and where the collector does not answer, spans are dropped and
counted. A span holds the route as the server calls it, never a path, a query, a text or a token.
The caller's ``traceparent`` (W3C Trace Context) is the span's parent.
"""

from __future__ import annotations

import logging
import time
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.semconv.attributes import (
    error_attributes,
    http_attributes,
    service_attributes,
    url_attributes,
)
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from assay.errors import UsageError
from assay.progress import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.util.types import AttributeValue

    from assay.serving.watching.observed import Observed

# Spans that wait for the collector.
MOST = 2048
# Seconds: between two batches; for which the collector is waited for; that closing waits.
DELAY, TIMEOUT, PATIENCE = 1.0, 3.0, 5.0
# Where a collector takes traces, unless its URL says so.
PATH = "/v1/traces"
METHODS = frozenset(
    ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
)
SERVER_FAULT = 500


class Traces:
    """Spans of requests; :meth:`write` is called by the server's event loop alone."""

    def __init__(
        self, url: str, *, scheme: Literal["http", "https"], most: int = MOST, delay: float = DELAY
    ) -> None:
        """Begin to send spans to a collector.

        Args:
            url: of the collector; without a path, :data:`PATH` is meant.
            scheme: by which clients ask the server.
            most: spans that wait at a time.
            delay: seconds between two batches.

        Raises:
            UsageError: this is no URL of HTTP.

        """
        # It would write a line for each batch that fails.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._scheme, self._most = scheme, most
        self._exporter = _Counting(OTLPSpanExporter(endpoint=endpoint(url), timeout=TIMEOUT))
        about = {
            service_attributes.SERVICE_NAME: "assay",
            service_attributes.SERVICE_VERSION: version("assay"),
        }
        self._provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter,
                max_queue_size=most,
                schedule_delay_millis=delay * 1000,
                max_export_batch_size=min(512, most),
            )
        )
        self._tracer = self._provider.get_tracer("assay.serving", version("assay"))
        self._parents = TraceContextTextMapPropagator()
        self._given, self._left_out = 0, 0

    @property
    def dropped(self) -> int:
        """How many spans the collector did not get."""
        return self._left_out + self._exporter.lost

    def write(self, found: Observed) -> None:
        """Take a request that has ended; returns at once."""
        # OpenTelemetry's own queue would drop the oldest, and say how many to nobody.
        if self._given - self._exporter.taken >= self._most:
            self._left_out += 1
            return
        ended = time.time_ns()
        span = self._tracer.start_span(
            f"{_method(found)} {found.route}".strip(),
            self._parents.extract({"traceparent": found.traceparent}),
            SpanKind.SERVER,
            self._attributes(found),
            start_time=ended - round(found.seconds * 1e9),
        )
        if span.is_recording():
            self._given += 1
            if found.status >= SERVER_FAULT:
                span.set_status(StatusCode.ERROR)
        span.end(ended)

    def close(self) -> None:
        """Send what is left, and end."""
        self._exporter.end = time.monotonic() + PATIENCE
        self._provider.shutdown()

    def _attributes(self, found: Observed) -> dict[str, AttributeValue]:
        """Return what a span says of a request; what is not known is left out."""
        said: dict[str, AttributeValue] = {
            http_attributes.HTTP_REQUEST_METHOD: _method(found),
            url_attributes.URL_SCHEME: self._scheme,
            http_attributes.HTTP_ROUTE: found.route,
            http_attributes.HTTP_RESPONSE_STATUS_CODE: found.status,
            error_attributes.ERROR_TYPE: str(found.status) if found.status >= SERVER_FAULT else "",
            "assay.model": found.model,
            "assay.version": found.version,
            "assay.rows": found.rows,
            "assay.input.seconds": found.input_seconds,
            "assay.queue.seconds": found.queue_seconds,
            "assay.compute.seconds": found.compute_seconds,
            "assay.output.seconds": found.output_seconds,
            "assay.gone": found.gone,
            "assay.refused": found.refused,
        }
        return {name: value for name, value in said.items() if value}


class _Counting(SpanExporter):
    """An exporter that knows how many spans it was handed, and how many of them got nowhere."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.taken, self.lost = 0, 0
        self.end = float("inf")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.taken += len(spans)
        found = SpanExportResult.FAILURE
        if time.monotonic() < self.end:
            found = self._exporter.export(spans)
        if found is SpanExportResult.FAILURE:
            if not self.lost:
                say("the collector of traces takes none: spans are lost")
            self.lost += len(spans)
        return found

    def shutdown(self) -> None:
        self._exporter.shutdown()


def endpoint(url: str) -> str:
    """Return the whole URL to which traces are sent.

    Raises:
        UsageError: this is no URL of HTTP.

    """
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is none
        is_url = False
    if not is_url:
        raise UsageError(
            f"--traces {url} is no address of a collector",
            expected="a URL of OTLP over HTTP",
            cure="for instance: --traces http://127.0.0.1:4318",
        )
    return url if parts.path.strip("/") else parts._replace(path=PATH).geturl()


def _method(found: Observed) -> str:
    # A client may make one up.
    return found.method if found.method in METHODS else "_OTHER"
