"""Retrain one model: every stage through DVC, then the registry.

Reads the model's settings, what DVC says depends on what, and ``metrics.json``. Writes nothing
itself but Prefect's artifacts: a table of metrics, links to the MLflow run and to Data Docs. Never
decides what is stale (DVC does), and never retries what would fail the same way again.
"""

# No `from __future__ import annotations`: Prefect reads the parameter's pattern from the source,
# and refuses a wrong name at submission only when the annotation is more than a string.
import re
from typing import Annotated, Any

from prefect import Task, flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed, Failed
from pydantic import Field

from assay import records
from assay.errors import AssayError, Deterministic, OutOfSpace
from assay.gateways import versioning
from assay.paths import ModelPaths
from assay.records import Evaluation
from assay.release.register import Registration, register_if_reachable
from assay.settings.schema import MODEL_NAME
from assay.tasks import registry

HOUR = 3600


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether a retry may succeed: never after a refusal, nor where nothing has changed."""
    problem = state.data
    if isinstance(problem, Deterministic | OutOfSpace | TimeoutError):
        return False
    return not isinstance(problem, AssayError) or problem.exit_code == 1


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=1,
    retry_delay_seconds=5,
    retry_condition_fn=is_transient,
    timeout_seconds=24 * HOUR,
)
def reproduce(stage: str) -> State[Any] | None:
    """Bring one stage up to date; its output becomes this task's log, its refusal the state."""
    try:
        versioning.reproduce(stage, single=True, on_line=get_run_logger().info)
    except AssayError as problem:
        return Failed(message=str(problem), data=problem)
    return None


@task(
    name="register",
    task_run_name="register",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=1,
    retry_delay_seconds=5,
    retry_condition_fn=is_transient,
    timeout_seconds=HOUR,
)
def enter_registry(model: str) -> Registration | State[Any]:
    """Enter the new bundle into the registry, as a version that nothing serves yet."""
    try:
        return register_if_reachable(model)
    except AssayError as problem:
        return Failed(message=str(problem), data=problem)


@flow(name="retrain", flow_run_name="retrain {model}", persist_result=False)
def retrain(model: Annotated[str, Field(pattern=MODEL_NAME)]) -> State[Any]:
    """Bring a model up to date and register what came out.

    Stages that DVC finds up to date cost a second. The first refusal ends the run, and is its
    message.
    """
    try:
        registry.load_model(model)  # a wrong setting in our words, before DVC reads params.yaml
        stages = versioning.stages_of(model)
    except AssayError as problem:
        return Failed(message=str(problem))
    state: State[Any]
    for stage in stages:
        name = stage.partition("@")[0]
        state = reproduce.with_options(name=name, task_run_name=name)(stage, return_state=True)
        if not state.is_completed():
            return Failed(message=state.message)
    state = enter_registry(model, return_state=True)
    registration = state.result(raise_on_failure=False)
    if not isinstance(registration, Registration):
        return Failed(message=state.message)
    return finished(ModelPaths(model), registration)


def finished(files: ModelPaths, registration: Registration) -> State[Any]:
    """Show what came out on the run's page; return the run's last state."""
    for note in registration.notes:
        get_run_logger().info(note)
    show(files, registration.run_url)
    if registration.version is None:
        return Completed(message=f"{files.model} is up to date, but not in the registry")
    return Completed(message=f"{files.model} is registered as version {registration.version}")


def show(files: ModelPaths, run_url: str | None) -> None:
    """Put the metrics and the links on the run's page."""
    key = re.sub("[^a-z0-9]+", "-", files.model)
    create_markdown_artifact(
        metrics_table(records.read(files.metrics, Evaluation)),
        key=f"{key}-metrics",
        description=f"{files.model} on its test split, from {files.metrics}",
    )
    if run_url and run_url.startswith(("http://", "https://")):
        create_link_artifact(run_url, "MLflow run", key=f"{key}-mlflow-run")
    page = files.data_docs / "index.html"
    if page.is_file():
        link = page.absolute().as_uri()
        create_link_artifact(link, "Data Docs (open on this machine)", key=f"{key}-data-docs")


def metrics_table(evaluation: Evaluation) -> str:
    """Return a Markdown table: a row for each metric with a value, the baseline beside it."""
    rows = ["| metric | model | 95 % interval | baseline |", "| --- | ---: | :---: | ---: |"]
    for metric in evaluation.metrics:
        if metric.value is None:
            continue
        bounded = metric.low is not None and metric.high is not None
        interval = f"{_number(metric.low)} to {_number(metric.high)}" if bounded else ""
        cells = (metric.title, _number(metric.value), interval, _number(metric.baseline))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
