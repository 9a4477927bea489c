"""Retrain one model, if there is a reason to: decide, every stage through DVC, registry, gate.

Reads what :mod:`assay.release.tick` does and what DVC says depends on what. Writes through
:mod:`assay.release` alone, and Prefect's artifacts: the decision, the metrics, the gate's rules,
links to the MLflow run and to Data Docs. Never decides what is stale (DVC does), and never retries
what would fail the same way again.
"""

# No `from __future__ import annotations`: Prefect reads the parameter's pattern from the source,
# and refuses a wrong name at submission only when the annotation is more than a string.
from typing import Annotated, Any

from prefect import Task, flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed, Failed
from pydantic import Field

from assay.errors import AssayError, DataRefused, Deterministic, OutOfSpace
from assay.gateways import versioning
from assay.monitoring.decision import Decision
from assay.paths import ModelPaths
from assay.release import retraining, tick
from assay.release.promote import Promoted, promote
from assay.release.register import Registration, register_if_reachable
from assay.settings.schema import MODEL_NAME
from assay.tasks import registry
from flows import notifying, pages

HOUR = 3600


def is_transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether a retry may succeed: never after a refusal, nor where nothing has changed."""
    problem = state.data
    if isinstance(problem, Deterministic | OutOfSpace | TimeoutError):
        return False
    return not isinstance(problem, AssayError) or problem.exit_code == 1


# Each step is tried once more where that may help, and none is taken from a cache.
step = task(
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=1,
    retry_delay_seconds=5,
    retry_condition_fn=is_transient,
    timeout_seconds=24 * HOUR,
)


@step
def reproduce(stage: str) -> State[Any] | None:
    """Bring one stage up to date; its output becomes this task's log, its refusal the state."""
    try:
        versioning.reproduce(stage, single=True, on_line=get_run_logger().info)
    except AssayError as problem:
        return Failed(message=str(problem), data=problem)
    return None


@step
def decide(model: str, force: bool) -> Decision | State[Any]:
    """Decide whether to train; new files are read into the raw table first."""
    try:
        return tick.decide(model, force=force, on_line=get_run_logger().info)
    except AssayError as problem:
        return Failed(message=str(problem), data=problem)


@step
def enter_registry(model: str) -> Registration | State[Any]:
    """Enter the new bundle into the registry, as a version that nothing serves yet."""
    try:
        return register_if_reachable(model)
    except AssayError as problem:
        return Failed(message=str(problem), data=problem)


@step
def gate(model: str) -> Promoted | State[Any]:
    """Hold the challenger against the champion; promote it, or keep what is."""
    try:
        return promote(model)
    except AssayError as problem:
        return Failed(message=str(problem), data=problem)


@flow(name="retrain", flow_run_name="retrain {model}", persist_result=False)
def retrain(model: Annotated[str, Field(pattern=MODEL_NAME)], force: bool = False) -> State[Any]:
    """Bring a model up to date where there is a reason to, and promote what the gate lets through.

    Works in a clean worktree. The decision and its reasons are written down whether anything is
    trained or not; the first refusal ends the run, and is its message.
    """
    try:
        settings = registry.load_model(model)  # in our words, before DVC reads params.yaml
        with retraining.clean_worktree(model) as place:
            state = _retrain(place, force)
    except AssayError as problem:
        state = Failed(message=str(problem))
        settings = None
    if settings is not None:
        notifying.tell(settings.retrain.notify, model, state, get_run_logger().warning)
    return state


def _retrain(place: retraining.Worktree, force: bool) -> State[Any]:
    model = place.model
    decided = _run(decide, "decide", model, force)
    decision = decided.result(raise_on_failure=False)
    if not isinstance(decision, Decision):
        return _refused(model, None, decided)
    pages.show_decision(model, decision)
    if not decision.train:
        _record(model, decision, "kept: nothing asked for a training")
        return Completed(message=f"{model}: not trained: {decision.summary}")
    for stage in versioning.stages_of(model):
        name = stage.partition("@")[0]
        done = _run(reproduce, name, stage)
        if not done.is_completed():
            return _refused(model, decision, done)
    return _release(place, decision)


def _release(place: retraining.Worktree, decision: Decision) -> State[Any]:
    """Register what was made, hold it against the gate, and bring it where it belongs."""
    model = place.model
    entered = _run(enter_registry, "register", model)
    registration = entered.result(raise_on_failure=False)
    if not isinstance(registration, Registration):
        return _refused(model, decision, entered)
    pages.show_results(ModelPaths(model), registration, place.project)
    judged = _run(gate, "gate", model)
    promoted = judged.result(raise_on_failure=False)
    if not isinstance(promoted, Promoted):
        return _refused(model, decision, judged)
    pages.show_verdict(promoted)
    outcome = _outcome(promoted)
    _record(model, decision, outcome)
    for note in (*registration.notes, *promoted.notes, *retraining.save(place, outcome)):
        get_run_logger().info(note)
    name = "Kept" if promoted.refused else "Completed"
    return Completed(name=name, message=f"{model}: {outcome}")


def _outcome(promoted: Promoted) -> str:
    if promoted.verdict is None:
        return f"kept: release {promoted.version} has these very bytes"
    if promoted.verdict.passed:
        return f"promoted: release {promoted.version}"
    rules = "; ".join(f"{rule.title}: {rule.found}" for rule in promoted.verdict.refusals)
    stays = f"release {promoted.before} stays champion" if promoted.before else "no champion yet"
    return f"refused by the gate ({stays}): {rules}"


def _refused(model: str, decision: Decision | None, state: State[Any]) -> State[Any]:
    """Write down how a run ended that went wrong; a refused data set is not tried again."""
    if decision is not None:
        refused = isinstance(state.data, DataRefused)
        _record(model, decision, f"{'refused' if refused else 'failed'}: {state.message}")
    return Failed(message=state.message)


def _record(model: str, decision: Decision, outcome: str) -> None:
    """Write the tick into the ledger; that it can't be never hides how a run ended."""
    try:
        tick.record(model, decision, outcome)
    except AssayError as problem:
        get_run_logger().warning(f"the ledger has no line of this run: {problem}")


def _run(one: Task[..., Any], name: str, *arguments: object) -> State[Any]:
    """Run a step as a task of that name; return its last state, whatever it is."""
    state: Any = one.with_options(name=name, task_run_name=name)(*arguments, return_state=True)
    ended: State[Any] = state
    return ended
