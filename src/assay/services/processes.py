"""The processes of this project's services: started together, found again, ended.

Reads the environment of the processes of this machine. Writes ``.assay/services.pid`` and
``.assay/logs/``. Never signals a process that was not started from this folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil

from assay.paths import SCRATCH
from assay.services.variables import OWNER, owner, variables

if TYPE_CHECKING:
    from pathlib import Path

PID = SCRATCH / "services.pid"
LOGS = SCRATCH / "logs"
CONFIGURATION = "supervisord.conf"
# Prefect sets it in the processes of a flow's run.
FLOW_RUN = "PREFECT__FLOW_RUN_ID"


def log(service: str) -> Path:
    """Return the log of one service."""
    return LOGS / f"{service.lower()}.log"


def start() -> None:
    """Start the supervisor of all services in the background."""
    # Started from a script with `&` we ignore Ctrl-C, and a worker that inherits this never ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with log("supervisor").open("w", encoding="utf-8") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", CONFIGURATION],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=variables(),
            start_new_session=True,
        )
    PID.write_text(f"{child.pid}\n", encoding="utf-8")


def end_all() -> None:
    """End the runs of flows, then the supervisor, then what either left behind."""
    # Runs first: they tell the server, while there is one, that they were ended.
    end(started(within=FLOW_RUN), 10)
    end(supervisor(), 20)
    end(started(), 10)
    PID.unlink(missing_ok=True)


def started(within: str = OWNER) -> list[psutil.Process]:
    """Return every living process that was started from this folder and has ``within`` set."""
    mine, found = owner(), []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            if environment.get(OWNER) == mine and within in environment:
                found.append(process)
        except psutil.Error:
            continue  # gone, or another user's
    return [process for process in found if process.pid != os.getpid()]


def supervisor() -> list[psutil.Process]:
    """Return the process that :func:`start` started, if it lives."""
    recorded = PID.read_text(encoding="utf-8").strip() if PID.exists() else ""
    return [process for process in started() if str(process.pid) == recorded]


def end(processes: list[psutil.Process], seconds: float) -> None:
    """Ask processes to end; force those that still live after so many seconds."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    _, living = psutil.wait_procs(processes, timeout=seconds)
    for process in living:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(living)


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
