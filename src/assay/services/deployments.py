"""What Prefect's server needs before a worker starts: its pool, its deployments, no lost runs.

Reads ``prefect.yaml``. Writes to this project's Prefect server alone. Never starts a run.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from assay.errors import UsageError
from assay.gateways.tracking import access
from assay.services import addresses
from assay.services.variables import variables

if TYPE_CHECKING:
    from datetime import datetime

    from prefect.client.schemas.objects import State

POOL = "local"
UNFINISHED = ("RUNNING", "PENDING", "CANCELLING")


def job_template() -> dict[str, object]:
    """Return what a run of this pool is: our command in this folder, and nothing to choose.

    Prefect's own template takes command, environment and working folder from whoever asks for a
    run (``job_variables``). Here no variable is known, so that the server refuses each; and none is
    named in the configuration, so that a worker has no place to put one. ``env`` is absent rather
    than empty, since a worker adds a caller's variables to one that is there.
    """
    return {
        "job_configuration": {
            "command": shlex.join([sys.executable, "-m", "assay.services.worker"]),
            "working_dir": os.fspath(Path.cwd()),
            "stream_output": True,
        },
        "variables": {"type": "object", "properties": {}, "additionalProperties": False},
    }


def create_pool() -> None:
    """Make the work pool that ``prefect.yaml`` names and the worker takes its work from."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    pool = WorkPoolCreate(name=POOL, type="process", base_job_template=job_template())
    with get_client(sync_client=True) as client:
        client.create_work_pool(pool, overwrite=True)


def has_worker(since: datetime) -> bool:
    """Return whether a worker is there that was heard of after ``since``.

    For a minute and more after its death, Prefect calls a worker online: the records of those
    of an earlier start tell nothing.
    """
    heard = {"last_heartbeat_time": {"after_": since.isoformat()}}
    url = f"{addresses.prefect()}/work_pools/{POOL}/workers/filter"
    answer = addresses.ask(url, {"workers": heard}, access.header(access.read_credential()))
    return answer is not None and any(one["status"] == "ONLINE" for one in json.loads(answer))


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
