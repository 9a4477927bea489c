"""``python -m assay.services up|down|ui``: start what ``supervisord.conf`` names, or end it.

``prefect``, ``mlflow`` and ``worker`` are what that file names. Reads and writes what the modules
beside it do, and tells the user on standard error what comes next. Never touches the user's own
Prefect, nor a process that it did not start.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assay import environment
from assay.errors import AssayError
from assay.gateways import signing, tracking
from assay.gateways.tracking import access
from assay.paths import MLRUNS, require_project
from assay.progress import say
from assay.services import addresses, deployments, processes, profile, servers, waiting, worker
from assay.services.addresses import MLFLOW, PREFECT
from assay.services.variables import PREFECT_HOME, variables

if TYPE_CHECKING:
    from collections.abc import Sequence


def up() -> None:
    """Start everything, wait until it answers, deploy what ``prefect.yaml`` names."""
    require_project()
    if processes.supervisor():
        _wait(since=datetime.fromtimestamp(0, UTC))
        deployments.deploy()
        say("it is already up; prefect.yaml is deployed anew")
    else:
        processes.end(processes.started(), 10)  # what a supervisor that was killed left behind
        _start()
        deployments.deploy()
    say(_next_steps())


def down() -> None:
    """End everything that ``up`` started, a retraining that is under way included."""
    processes.end_all()
    access.ADDRESS.unlink(missing_ok=True)
    say("everything is down; make up starts it again")


def ui() -> None:
    """Show MLflow's pages until Ctrl-C."""
    require_project()
    if addresses.is_up(MLFLOW):
        say(f"MLflow already answers: {addresses.mlflow()}   {_how_to_log_in()}")
        return
    addresses.require_free(MLFLOW)
    _prepare()
    say(f"MLflow: {addresses.mlflow()}   {_how_to_log_in()} (Ctrl-C ends it)")
    words = (sys.executable, "-m", "assay.services", "mlflow")
    os.execve(sys.executable, words, variables())  # noqa: S606 - a plain program


COMMANDS = {
    "up": up,
    "down": down,
    "ui": ui,
    "prefect": servers.serve_prefect,
    "mlflow": servers.serve_mlflow,
    "worker": worker.work,
}


def main(words: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m assay.services")
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args(words).command]
    environment.collect_garbage_rarely()
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
    now = datetime.now(UTC)
    processes.start()
    say("starting Prefect and MLflow ...")
    try:
        _wait(since=now)
    except (AssayError, KeyboardInterrupt):
        down()
        raise


def _wait(since: datetime) -> None:
    waiting.wait("Prefect", lambda: addresses.is_up(PREFECT))
    waiting.wait("MLflow", lambda: addresses.is_up(MLFLOW))
    waiting.wait("worker", lambda: deployments.has_worker(since))


def _prepare() -> None:
    for folder in (PREFECT_HOME, MLRUNS / "artifacts", processes.LOGS):
        folder.mkdir(parents=True, exist_ok=True)
    profile.write(addresses.prefect(), access.make_credential())
    signing.make_key()  # each decision of a schedule is signed
    tracking.prepare()


def _how_to_log_in() -> str:
    return f"user {access.USER}, password: cut -d: -f2 {access.CREDENTIAL}"


def _next_steps() -> str:
    return f"""
Prefect   {addresses.prefect().removesuffix("/api")}   its page asks for: cat {access.CREDENTIAL}
MLflow    {addresses.mlflow()}   {_how_to_log_in()}
logs      {processes.LOGS}/

next      source .venv/bin/activate
          prefect deployment run retrain/opinions --watch
          make down"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
