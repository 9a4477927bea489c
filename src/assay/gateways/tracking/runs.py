"""Find a run, start one, write to one.

Reads and writes the store that a client is given. Knows the names of tags; decides nothing.
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING

from assay.gateways.tracking import store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeVar

    from mlflow import MlflowClient
    from mlflow.entities import Run

    T = TypeVar("T")

WEIGHTS = "assay.weights"  # SHA-256 of the checkpoint: how later stages find the run
TRAINING = "assay.training"  # digest of what decides a training: how a killed one is resumed
BUNDLE = "assay.bundle"
SOURCE = "assay"  # what MLflow shows as the program

DIGITS = 6  # behind the point, in reports

# MLflow's limits of one request.
METRICS_AT_ONCE = 1000
TAGS_AT_ONCE = 100

# (name, value, milliseconds since 1970, step)
Point = tuple[str, float, int, int]


def flatten(values: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """Return nested settings as ``train.learning_rate`` and its text, as YAML would write it."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = _text(value)
    return flat


def points(metrics: Mapping[str, float], step: int = 0) -> list[Point]:
    """Return figures as points of now."""
    now = time.time_ns() // 1_000_000
    return [(name, float(value), now, step) for name, value in metrics.items()]


def named(model: str, weights: str | None) -> str:
    """Return a run's name: the model, and the weights as git shortens a commit."""
    return f"{model} {weights[:7]}" if weights else f"{model} in training"


def find(client: MlflowClient, experiment: str, condition: str) -> Run | None:
    """Return the newest run that meets ``condition`` (MLflow's search syntax)."""
    found = client.search_runs(
        [experiment], condition, order_by=["attributes.start_time DESC"], max_results=1
    )
    return found[0] if found else None


def search(client: MlflowClient, model: str, condition: str) -> list[Run]:
    """Return all runs of a model that meet ``condition``; none where it has no experiment yet."""
    experiment = client.get_experiment_by_name(model)
    if experiment is None:
        return []
    found: list[Run] = []
    token = None
    while page := client.search_runs([experiment.experiment_id], condition, page_token=token):
        found += page
        token = page.token
        if not token:
            break
    return found


def start(client: MlflowClient, experiment: str, name: str, tags: Mapping[str, str]) -> Run:
    """Start a run that bears ``tags`` from its first moment."""
    own = {"mlflow.user": os.environ.get("USER") or "assay", "mlflow.source.name": SOURCE}
    return client.create_run(experiment, tags=own | dict(tags), run_name=name)


def of_weights(client: MlflowClient, model: str, weights: str) -> Run:
    """Return the run that trained ``weights``, or a finished new one to log them to.

    There is none when the weights came out of DVC's cache or from another machine.
    """
    experiment = store.experiment(client, model)
    run = find(client, experiment, f"tags.`{WEIGHTS}` = '{weights}'")
    if run is None:
        run = start(client, experiment, named(model, weights), {WEIGHTS: weights})
        client.set_terminated(run.info.run_id)
    return run


def write(
    client: MlflowClient,
    run_id: str,
    *,
    metrics: Sequence[Point] = (),
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write in as few requests as MLflow allows."""
    from mlflow.entities import Metric, Param, RunTag

    figures = [
        Metric(metric_name(name), value, timestamp, step)
        for name, value, timestamp, step in metrics
    ]
    settings = [Param(name, value) for name, value in (params or {}).items()]
    marks = [RunTag(name, value) for name, value in (tags or {}).items()]
    for some_figures in _batches(figures, METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=some_figures)
    for some_settings in _batches(settings, TAGS_AT_ONCE):
        client.log_batch(run_id, params=some_settings)
    for some_marks in _batches(marks, TAGS_AT_ONCE):
        client.log_batch(run_id, tags=some_marks)


def news(run: Run, metrics: Mapping[str, float]) -> dict[str, float]:
    """Return those figures that the run does not show yet, be it in more or fewer digits."""
    known = run.data.metrics
    return {
        name: value
        for name, value in metrics.items()
        if (old := known.get(metric_name(name))) is None or not _equal(old, value)
    }


def unknown(run: Run, params: Mapping[str, str]) -> dict[str, str]:
    """Return those parameters that the run lacks; MLflow lets no parameter change."""
    return {name: value for name, value in params.items() if name not in run.data.params}


def metric_name(name: str) -> str:
    """Return ``name`` with what MLflow refuses in a metric's name replaced."""
    return re.sub(r"[^\w./ :-]", "_", name)


def _equal(one: float, other: float) -> bool:
    """Tell whether one is the other, or what a report rounds the other to."""
    short = round(one, DIGITS)
    return one == other or (short == round(other, DIGITS) and short in (one, other))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return json.dumps(value)


def _batches(items: list[T], size: int) -> Iterator[list[T]]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]
