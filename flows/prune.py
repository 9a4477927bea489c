"""Keep DVC's cache, MLflow and Prefect from growing without bound.

Removes what is older than ``days``: through :mod:`assay.release.pruning` what no line of the ledger
names, and Prefect's own runs that have ended. Never a release, and never what one is rebuilt from.
"""

# No `from __future__ import annotations`: Prefect reads the parameter's bounds from the source.
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from assay.errors import AssayError
from assay.release import pruning

ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
AT_ONCE = 200


@flow(name="prune", persist_result=False)
def prune(days: Annotated[int, Field(ge=7, le=36_500)] = 90) -> State[Any]:
    """Remove what is older than so many days, and named by nobody."""
    try:
        done = pruning.prune(days)
    except AssayError as problem:
        return Failed(message=str(problem))
    for note in done.notes:
        get_run_logger().warning(note)
    ended = forget_runs(datetime.now(UTC) - timedelta(days=days))
    return Completed(
        message=f"removed {done.objects:,} objects of DVC's cache ({done.freed / 1e6:,.0f} MB), "
        f"{done.runs:,} runs of MLflow, {ended:,} of Prefect"
    )


def forget_runs(before: datetime) -> int:
    """Delete Prefect's runs that ended before a moment, with their logs; return how many."""
    wanted = {"state": {"type": {"any_": ENDED}}, "end_time": {"before_": before.isoformat()}}
    gone = 0
    with get_client(sync_client=True) as client:
        condition = FlowRunFilter.model_validate(wanted)
        while runs := client.read_flow_runs(flow_run_filter=condition, limit=AT_ONCE):
            for run in runs:
                client.delete_flow_run(run.id)
            gone += len(runs)
    return gone
