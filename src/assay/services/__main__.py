"""``python -m assay.services up|down|ui|ready``: start what the ``Procfile`` names, or end it.

Reads and writes what the modules beside it do, and tells the user on standard error what comes
next. Never touches the user's own Prefect, nor a process that it did not start.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from assay.errors import AssayError
from assay.gateways import tracking
from assay.paths import MLRUNS, require_project
from assay.progress import say
from assay.services import addresses, deployments, processes, waiting
from assay.services.addresses import MLFLOW, PREFECT
from assay.services.variables import PREFECT_HOME, variables

if TYPE_CHECKING:
    from collections.abc import Sequence


def up() -> None:
    """Start everything, wait until it answers, deploy what ``prefect.yaml`` names."""
    require_project()
    if processes.supervisor():
        deployments.deploy()
        say("it is already up; prefect.yaml is deployed anew")
    else:
        processes.end(processes.started(), 10)  # what a supervisor that was killed left behind
        _start()
    say(_next_steps())


def down() -> None:
    """End everything that ``up`` started, a retraining that is under way included."""
    processes.end_all()
    say("everything is down; make up starts it again")


def ui() -> None:
    """Show MLflow's pages until Ctrl-C."""
    require_project()
    url = addresses.mlflow()
    if addresses.answers(f"{url}/health"):
        say(f"MLflow already answers: {url}")
        return
    addresses.require_free(MLFLOW)
    _prepare()
    say(f"MLflow: {url} (Ctrl-C ends it)")
    command = processes.honcho("mlflow")
    os.execve(sys.executable, command, variables())  # noqa: S606 - a plain program


def ready() -> None:
    """Wait for Prefect's server; give a worker its pool and deployments, free of lost runs."""
    waiting.wait(f"{addresses.prefect()}/health", "Prefect")
    deployments.create_pool()
    deployments.mark_crashed()
    deployments.deploy()


COMMANDS = {"up": up, "down": down, "ui": ui, "ready": ready}


def main(words: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m assay.services")
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args(words).command]
    try:
        command()
    except AssayError as problem:
        say(str(problem))
        return problem.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def _start() -> None:
    for port in (PREFECT, MLFLOW):
        addresses.require_free(port)
    _prepare()
    processes.start()
    say("starting Prefect and MLflow ...")
    api = addresses.prefect()
    workers = f"{api}/work_pools/{deployments.POOL}/workers/filter"
    try:
        waiting.wait(f"{api}/health", "Prefect")
        waiting.wait(f"{addresses.mlflow()}/health", "MLflow")
        waiting.wait(workers, "the worker", b"ONLINE")
    except (AssayError, KeyboardInterrupt):
        down()
        raise


def _prepare() -> None:
    for folder in (PREFECT_HOME, MLRUNS / "artifacts"):
        folder.mkdir(parents=True, exist_ok=True)
    tracking.prepare()


def _next_steps() -> str:
    api = addresses.prefect()
    own = "" if addresses.is_default(PREFECT) else f"PREFECT_API_URL={api} "
    return f"""
Prefect   {api.removesuffix("/api")}
MLflow    {addresses.mlflow()}
log       {processes.LOG}

next      source .venv/bin/activate
          {own}prefect deployment run retrain/opinions --watch
          make down"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
