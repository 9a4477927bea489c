"""The metrics have Triton's names, hold what happened, and stay as small as what is served."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from assay.serving.watching.metrics import KEPT_VERSIONS, Metrics
from assay.serving.watching.observed import CLIENT_GONE, Observed

ONE = {"model": "reviews", "version": "3"}


@pytest.fixture
def metrics() -> Metrics:
    found = Metrics()
    found.serve("reviews", "3", lambda: 5)
    return found


def ended(**facts: Any) -> Observed:
    """Return a request of a model that was answered."""
    facts = {"inference": True, "status": 200, **ONE, **facts}
    return Observed(**facts)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """Return a sample of the text; None where there is none."""
    shown = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
    start = f"{name}{{{shown}}} " if shown else f"{name} "
    found = [line for line in metrics.text().decode().splitlines() if line.startswith(start)]
    return float(found[0].removeprefix(start)) if found else None


def test_counters_have_the_names_of_triton_and_are_counters(metrics: Metrics) -> None:
    lines = metrics.text().decode().splitlines()
    assert "# TYPE nv_inference_request_success counter" in lines
    assert 'nv_inference_request_success{model="reviews",version="3"} 0.0' in lines
    assert not [line for line in lines if "nv_" in line and "_total" in line]
    assert "# TYPE nv_inference_pending_request_count gauge" in lines


def test_a_request_counts_with_its_rows_and_microseconds(metrics: Metrics) -> None:
    for _ in range(2):
        metrics.observe(
            ended(
                rows=8,
                seconds=0.5,
                queue_seconds=0.1,
                input_seconds=0.02,
                compute_seconds=0.3,
                output_seconds=0.01,
            )
        )
    metrics.count_batch("reviews", "3")
    found = {
        name: value(metrics, f"nv_inference_{name}", **ONE)
        for name in (
            "request_success",
            "count",
            "exec_count",
            "request_duration_us",
            "queue_duration_us",
            "compute_input_duration_us",
            "compute_infer_duration_us",
            "compute_output_duration_us",
            "pending_request_count",
        )
    }
    assert list(found.values()) == [2, 16, 1, 1e6, 2e5, 4e4, 6e5, 2e4, 5]
    assert value(metrics, "assay_request_duration_seconds_count", model="reviews") == 2
    assert value(metrics, "assay_http_requests_total", status="2xx") == 2


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"status": 429}, "REJECTED"),
        ({"status": 503}, "REJECTED"),
        ({"status": CLIENT_GONE, "gone": True}, "CANCELED"),
        ({"status": 200, "gone": True}, "CANCELED"),
        ({"status": 500}, "BACKEND"),
        ({"status": 400}, "OTHER"),
    ],
)
def test_a_failure_has_one_reason(metrics: Metrics, facts: dict[str, Any], reason: str) -> None:
    metrics.observe(ended(rows=4, **facts))
    reasons = {
        one: value(metrics, "nv_inference_request_failure", reason=one, **ONE)
        for one in ("REJECTED", "CANCELED", "BACKEND", "OTHER")
    }
    assert reasons == {**dict.fromkeys(reasons, 0.0), reason: 1.0}
    assert value(metrics, "nv_inference_count", **ONE) == 0


def test_asking_for_metadata_is_no_inference(metrics: Metrics) -> None:
    metrics.observe(ended(inference=False))
    assert value(metrics, "nv_inference_request_success", **ONE) == 0


def test_names_that_clients_invent_become_no_labels(metrics: Metrics) -> None:
    before = len(metrics.text().splitlines())
    for number in range(1000):
        metrics.observe(ended(model=f"invented-{number}", version=str(number), status=404))
        metrics.observe(ended(version=f"invented-{number}", status=404))
        metrics.count_batch(f"invented-{number}", "1")
        metrics.count_swap(f"invented-{number}", done=True)
    text = metrics.text().decode()
    assert "invented" not in text
    # Those of the histogram, once for "reviews" and once for no model, and "4xx".
    assert len(text.splitlines()) < before + 50


def test_swaps_leave_the_counts_of_a_few_versions(metrics: Metrics) -> None:
    for version in range(4, 104):
        metrics.serve("reviews", str(version))
        metrics.count_swap("reviews", done=True)
    metrics.count_swap("reviews", done=False)
    assert metrics.text().decode().count("nv_inference_exec_count{") == KEPT_VERSIONS
    assert value(metrics, "assay_served_version", model="reviews") == 103
    assert value(metrics, "assay_swaps_total", model="reviews", outcome="done") == 100
    assert value(metrics, "assay_swaps_total", model="reviews", outcome="refused") == 1
    # A request that began with the version before still counts.
    metrics.observe(ended(version="102"))
    assert value(metrics, "nv_inference_request_success", model="reviews", version="102") == 1


def test_only_the_version_that_answers_has_a_queue(metrics: Metrics) -> None:
    metrics.serve("reviews", "4", lambda: 7)
    pending = "nv_inference_pending_request_count"
    assert value(metrics, pending, **ONE) is None
    assert value(metrics, pending, model="reviews", version="4") == 7


def test_the_version_before_that_serves_again_goes_on_counting(metrics: Metrics) -> None:
    metrics.observe(ended())
    metrics.serve("reviews", "4")
    metrics.serve("reviews", "3")
    assert value(metrics, "assay_served_version", model="reviews") == 3
    assert value(metrics, "nv_inference_request_success", **ONE) == 1


def test_a_model_that_is_unloaded_takes_its_labels_along(metrics: Metrics) -> None:
    metrics.serve("fashion", "workspace")
    assert value(metrics, "assay_served_version", model="fashion") == 0
    metrics.observe(ended())
    metrics.forget("reviews")
    metrics.forget("never-there")
    metrics.observe(ended())
    assert "reviews" not in metrics.text().decode()


def test_numbers_of_others_are_shown_as_they_are_at_the_scrape(metrics: Metrics) -> None:
    dropped = [0]
    metrics.follow("assay_log_dropped", "Lines that were dropped", lambda: dropped[0])
    dropped[0] = 3
    assert value(metrics, "assay_log_dropped_total") == 3


def test_prometheus_reads_the_text(metrics: Metrics) -> None:
    metrics.observe(ended())
    families = list(text_string_to_metric_families(metrics.text().decode()))
    # This parser calls every counter as OpenMetrics does.
    names = {sample.name for family in families for sample in family.samples}
    assert {"nv_inference_count_total", "nv_inference_pending_request_count"} <= names


def test_two_servers_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.serve("reviews", "3")
    assert "reviews" not in second.text().decode()
