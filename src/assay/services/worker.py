"""Prefect's worker, and the process of one flow's run below it.

``work`` becomes the worker; ``run_flow`` (``python -m assay.services.worker``) is the fixed command
that the worker starts for each run. Reads the environment. Writes to this project's Prefect server
alone. Never leaves a run behind: a flow's process dies with its worker.
"""

from __future__ import annotations

import os
import runpy
import sys

from assay import environment
from assay.parent import die_with_parent
from assay.services import addresses, processes, waiting

# The number of the worker's process, for those that it starts.
WORKER = "ASSAY_WORKER"
LIMIT = "1"  # retraining at a time


def work() -> None:
    """Free the places of lost runs, then become the worker.

    Raises:
        AssayError: Prefect's server does not answer.

    """
    from assay.services import deployments

    die_with_parent()
    waiting.wait("Prefect", lambda: addresses.is_up(addresses.PREFECT))
    # Where a flow does not die with its worker by itself (not Linux), it writes on.
    processes.end(processes.started(within=processes.FLOW_RUN), 10)
    deployments.create_pool()
    deployments.mark_crashed()
    os.environ.setdefault("MLFLOW_TRACKING_URI", addresses.mlflow())
    os.environ[WORKER] = str(os.getpid())
    words = ("prefect", "worker", "start", "--pool", deployments.POOL, "--type", "process")
    os.execv(sys.executable, (sys.executable, "-m", *words, "--limit", LIMIT))  # noqa: S606


def run_flow() -> None:
    """Run the flow that the worker asks for, and die with the worker."""
    die_with_parent()
    environment.collect_garbage_rarely()
    if os.environ.get(WORKER) != str(os.getppid()):
        sys.exit("the worker that started this run is gone")
    # The worker hands on its settings by the environment. Prefect here finds the credential in its
    # profile; dvc and the stages below have no use for it.
    os.environ.pop("PREFECT_API_AUTH_STRING", None)
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    run_flow()
