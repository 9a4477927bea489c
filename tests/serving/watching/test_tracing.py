from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from assay.errors import UsageError
from assay.serving.watching.observed import Observed
from assay.serving.watching.tracing import Traces, endpoint
from tests import made
from tests.serving.started import free_port, started
from tests.serving.watching.collector import attributes, collector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET, TOKEN = "a text that stays here", "a-token-that-stays-here"


def wait(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def ended(**known: Any) -> Observed:
    return Observed(**{"method": "POST", "route": "/a", "status": 200, "seconds": 0.25, **known})


def test_a_request_to_a_server_is_a_span_of_its_callers_trace(checkpoint: Path) -> None:
    with collector() as found:
        words = ("--workspace", "--traces", found.url, "--no-access-log")
        with started(made.built(checkpoint), made.MODEL, *words) as server, server.client() as ask:
            answer = ask.post(
                f"/predict/{made.MODEL}?secret={SECRET}",
                json={"inputs": [SECRET, SECRET]},
                headers={
                    "traceparent": f"00-{TRACE}-{PARENT}-01",
                    "authorization": f"Bearer {TOKEN}",
                },
            )
            assert answer.status_code == 200
            assert ask.get(f"/{SECRET}").status_code == 404
            assert "assay_spans_dropped_total 0.0" in ask.get("/metrics").text
    assert set(found.paths) == {"/v1/traces"}
    for kept in (SECRET, TOKEN, SECRET.replace(" ", "%20")):
        assert not [body for body in found.bodies if kept.encode() in body]
    (span,) = [one for one in found.spans if one.name == "POST /predict/{model}"]
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert span.kind == Span.SPAN_KIND_SERVER
    said = attributes(span)
    assert said["http.request.method"] == "POST"
    assert said["http.route"] == "/predict/{model}"
    assert said["http.response.status_code"] == 200
    assert said["url.scheme"] == "http"
    assert (said["assay.model"], said["assay.version"]) == (made.MODEL, "workspace")
    assert said["assay.rows"] == 2
    took = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
    assert 0 < said["assay.compute.seconds"] < took < 60
    (missing,) = [one for one in found.spans if attributes(one)["http.response.status_code"] == 404]
    assert missing.name == "GET"
    assert not missing.parent_span_id
    (resource, *_) = [one.resource for request in found.requests for one in request.resource_spans]
    assert {one.key: one.value.string_value for one in resource.attributes}["service.name"] == (
        "assay"
    )


def test_faults_are_errors_and_made_up_methods_are_not_told() -> None:
    with collector() as found:
        traces = Traces(found.url, scheme="https")
        traces.write(ended(status=500))
        traces.write(ended(method="SECRET", status=405, route=""))
        traces.close()
    fault, other = found.spans
    assert fault.status.code == Status.STATUS_CODE_ERROR
    assert attributes(fault)["error.type"] == "500"
    assert fault.end_time_unix_nano - fault.start_time_unix_nano == 250_000_000
    assert other.status.code == Status.STATUS_CODE_UNSET
    assert other.name == attributes(other)["http.request.method"] == "_OTHER"
    assert traces.dropped == 0


def test_a_caller_that_does_not_sample_is_followed() -> None:
    with collector() as found:
        traces = Traces(found.url, scheme="http", most=2)
        for _ in range(10):
            traces.write(ended(traceparent=f"00-{TRACE}-{PARENT}-00"))
        traces.write(ended(traceparent="nonsense"))
        traces.close()
    (span,) = found.spans
    assert span.trace_id.hex() != TRACE
    assert traces.dropped == 0


def test_past_a_bound_spans_are_dropped_and_counted_and_nobody_waits() -> None:
    with collector() as found:
        found.held.clear()
        traces = Traces(found.url, scheme="http", most=8, delay=0.01)
        traces.write(ended())
        wait(lambda: traces._exporter.taken == 1)
        began = time.monotonic()
        for _ in range(20):
            traces.write(ended())
        assert time.monotonic() - began < 1
        assert traces.dropped == 12
        found.held.set()
        traces.close()
        assert len(found.spans) == 9
        assert traces.dropped == 12


def test_where_the_collector_refuses_spans_are_counted_and_it_is_said_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with collector(status=400) as found:
        traces = Traces(found.url, scheme="http", delay=0.01)
        for number in range(1, 4):
            traces.write(ended())
            wait(lambda at=number: traces.dropped == at)  # type: ignore[misc]
        traces.close()
    assert capsys.readouterr().err == "the collector of traces takes none: spans are lost\n"


def test_closing_does_not_wait_for_a_collector_that_is_gone() -> None:
    traces = Traces(f"http://127.0.0.1:{free_port()}", scheme="http")
    for _ in range(600):
        traces.write(ended())
    began = time.monotonic()
    traces.close()
    assert time.monotonic() - began < 15
    assert traces.dropped == 600


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("https://collector/", "https://collector/v1/traces"),
        ("http://[::1]:4318/own/path", "http://[::1]:4318/own/path"),
    ],
)
def test_a_collector_without_a_path_has_the_usual_one(url: str, whole: str) -> None:
    assert endpoint(url) == whole


@pytest.mark.parametrize("url", ["collector:4318", "grpc://a", "http://", "http://a:b", ""])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="no address of a collector"):
        endpoint(url)


def test_without_a_collector_nothing_of_opentelemetry_is_loaded() -> None:
    program = (
        "import sys\n"
        "from contextlib import ExitStack\n"
        "from assay.serving import running\n"
        "from assay.serving.options import Options\n"
        "from assay.serving.server import Address\n"
        "from assay.serving.watching.metrics import Metrics\n"
        "with ExitStack() as closing:\n"
        "    running._observers(Options(('a',), Address()), Metrics(), closing)\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
