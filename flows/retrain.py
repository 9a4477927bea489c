"""Retrain one model: every stage through DVC, then the registry.

Reads what DVC says depends on what, and the reports to show. Writes nothing itself but Prefect's
artifacts: a table of metrics, links to the MLflow run and to Data Docs. Never decides what is
stale (DVC does) and never repeats a refusal.
"""

# No `from __future__ import annotations`: Prefect reads the parameter's pattern from the source,
# and refuses a wrong name at submission only when the annotation is more than a string.
import re
from typing import TYPE_CHECKING, Annotated, Any, cast

from prefect import Task, flow, get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed, Failed
from pydantic import Field

from assay.artifacts import Artifacts, read_json
from assay.errors import AssayError, OutOfSpace
from assay.gateways import versioning
from assay.settings.schema import MODEL_NAME

if TYPE_CHECKING:
    from assay.release.register import Registration

HOUR = 3600


def is_passing_fault(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether the same again may go better: a fault may, a refusal or a full disk not."""
    problem = state.data
    if isinstance(problem, AssayError):
        return problem.exit_code == 1 and not isinstance(problem, OutOfSpace)
    return not isinstance(problem, TimeoutError)


@task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=1,
    retry_delay_seconds=5,
    retry_condition_fn=is_passing_fault,
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
    retry_condition_fn=is_passing_fault,
    timeout_seconds=HOUR,
)
def enter_registry(model: str) -> "Registration | State[Any]":
    """Enter the new bundle into the registry, as a version that nothing serves yet."""
    from assay.release.register import register

    try:
        return register(model)
    except AssayError as problem:
        return Failed(message=str(problem), data=problem)


@flow(name="retrain", flow_run_name="retrain {model}", persist_result=False)
def retrain(model: Annotated[str, Field(pattern=MODEL_NAME)]) -> State[Any]:
    """Bring a model up to date and register what came out.

    Stages that DVC finds up to date cost a second. The first refusal ends the run, and is its
    message.
    """
    try:
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
    if not state.is_completed():
        return Failed(message=state.message)
    return finished(Artifacts(model), cast("Registration", state.result()))


def finished(files: Artifacts, registration: "Registration") -> State[Any]:
    """Show what came out on the run's page; return the run's last state."""
    for note in registration.notes:
        get_run_logger().info(note)
    show(files, registration.run_url)
    if registration.version is None:
        return Completed(message=f"{files.model} is up to date, but not in the registry")
    return Completed(message=f"{files.model} is registered as version {registration.version}")


def show(files: Artifacts, run_url: str | None) -> None:
    """Put the figures and the links on the run's page."""
    key = re.sub("[^a-z0-9]+", "-", files.model)
    create_markdown_artifact(
        metrics_table(read_json(files.metrics)),
        key=f"{key}-metrics",
        description=f"{files.model} on its test split, from {files.metrics}",
    )
    if run_url and run_url.startswith(("http://", "https://")):
        create_link_artifact(run_url, "MLflow run", key=f"{key}-mlflow-run")
    page = files.data_docs / "index.html"
    if page.is_file():
        link = page.absolute().as_uri()
        create_link_artifact(link, "Data Docs (open on this machine)", key=f"{key}-data-docs")


def metrics_table(report: dict[str, Any]) -> str:
    """Return ``metrics.json`` as a Markdown table: a row a figure, the baseline beside it."""
    model, baseline, intervals = (
        report.get(part) or {} for part in ("model", "baseline", "intervals")
    )
    rows = ["| figure | model | 95 % interval | baseline |", "| --- | ---: | :---: | ---: |"]
    for name, value in model.items():
        if isinstance(value, int | float):
            low_high = " to ".join(map(_number, intervals.get(name) or ()))
            beside = _number(baseline[name]) if name in baseline else ""
            label = name.replace("_", " ")
            rows.append(f"| {label} | {_number(value)} | {low_high} | {beside} |")
    return "\n".join(rows)


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
