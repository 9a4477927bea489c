"""What Prefect's server needs before a worker starts: its pool, its deployments, no lost runs.

Reads ``prefect.yaml``. Writes to this project's Prefect server alone. Never starts a run.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from assay.errors import UsageError
from assay.services.variables import variables

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

POOL = "local"
UNFINISHED = ("RUNNING", "PENDING", "CANCELLING")


def create_pool() -> None:
    """Make the work pool that ``prefect.yaml`` names and the worker takes its work from."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"), overwrite=True)


def mark_crashed() -> None:
    """Mark every run as crashed that an earlier session left unfinished.

    No process is behind such a run, but it holds its deployment's only place, and the next
    retraining would wait for ever.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter
    from prefect.states import Crashed

    unfinished = FlowRunFilter.model_validate({"state": {"type": {"any_": UNFINISHED}}})
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=unfinished):
            state: State[None] = Crashed(message="the services were ended while it ran")
            client.set_flow_run_state(run.id, state, force=True)


def deploy() -> None:
    """Deploy all that ``prefect.yaml`` names.

    Raises:
        UsageError: Prefect refuses it.

    """
    words = ["deploy", "--all"]
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *words],
        env=variables(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UsageError(
            f"prefect {' '.join(words)}: {(done.stderr or done.stdout).strip()}",
            cure="correct prefect.yaml, then: make up",
        )
