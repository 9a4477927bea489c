"""Everything that ``make up`` starts and ``make down`` ends: ``python -m flows.services up``.

Starts what the ``Procfile`` names, on the loopback alone. Writes ``.assay/services.pid``,
``.assay/services.log`` and, through Prefect and MLflow, ``.assay/prefect/`` and ``mlruns/``.
Touches nothing of the user's own Prefect, and no process that it did not start.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from assay import artifacts, quiet
from assay.errors import AssayError, UsageError
from assay.progress import say

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

PID = artifacts.SCRATCH / "services.pid"
LOG = artifacts.SCRATCH / "services.log"
PREFECT_HOME = artifacts.SCRATCH / "prefect"
# Every process that we start, and every one below it, carries this folder's path under this name.
MARK = "ASSAY_SERVICES_OF"
# A cold database on a busy machine takes Prefect's server most of a minute.
PATIENCE = 180
POOL = "local"
PORTS = {"PREFECT_PORT": "4200", "MLFLOW_PORT": "5000"}


def up() -> None:
    """Start everything, wait until it answers, deploy what ``prefect.yaml`` names."""
    artifacts.require_project()
    if _supervisor():
        _deploy()
        say("it is already up; prefect.yaml is deployed anew")
    else:
        _end(_started(), 10)  # what a supervisor that was killed left behind
        _start()
    say(_next_steps())


def down() -> None:
    """End everything that ``up`` started, a retraining that is under way included."""
    # Flows first: they tell the server, while there is one, that they were ended.
    _end(_started(within="PREFECT__FLOW_RUN_ID"), 10)
    _end(_supervisor(), 20)
    _end(_started(), 10)
    PID.unlink(missing_ok=True)
    say("everything is down; make up starts it again")


def ui() -> None:
    """Show MLflow's pages until Ctrl-C."""
    artifacts.require_project()
    url = f"http://127.0.0.1:{_port('MLFLOW_PORT')}"
    if _answers(f"{url}/health"):
        say(f"MLflow already answers: {url}")
        return
    _require_free("MLFLOW_PORT")
    _prepare()
    say(f"MLflow: {url} (Ctrl-C ends it)")
    os.execve(sys.executable, _honcho("mlflow"), _environment())  # noqa: S606 - a plain program


def ready() -> None:
    """Wait for Prefect's server and lay out what a worker needs: pool, deployments, no ghosts."""
    _wait(f"{_api()}/health", "Prefect")
    _lay_out()
    _deploy()


def _start() -> None:
    for name in PORTS:
        _require_free(name)
    _prepare()
    # Started from a script with `&` we ignore Ctrl-C, and a worker that inherits this never ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with LOG.open("w", encoding="utf-8") as log:
        supervisor = subprocess.Popen(
            _honcho(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(),
            start_new_session=True,
        )
    PID.write_text(f"{supervisor.pid}\n", encoding="utf-8")
    say("starting Prefect and MLflow ...")
    try:
        _wait(f"{_api()}/health", "Prefect")
        _wait(f"http://127.0.0.1:{_port('MLFLOW_PORT')}/health", "MLflow")
        _wait(f"{_api()}/work_pools/{POOL}/workers/filter", "the worker", b"ONLINE")
    except (AssayError, KeyboardInterrupt):
        down()
        raise


def _prepare() -> None:
    from assay.gateways import tracking

    for folder in (PREFECT_HOME, artifacts.MLRUNS / "artifacts"):
        folder.mkdir(parents=True, exist_ok=True)
    tracking.prepare()


def _port(name: str) -> int:
    value = os.environ.get(name, PORTS[name])
    if not value.isdecimal():
        raise UsageError(f"{name} is {value!r}", expected="a number", cure=f"unset {name}")
    return int(value)


def _api() -> str:
    return f"http://127.0.0.1:{_port('PREFECT_PORT')}/api"


def _environment() -> dict[str, str]:
    """Return what every service lives in; what the user set is kept."""
    here = os.fspath(Path(sys.executable).parent)
    return {
        **quiet.QUIET,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        **os.environ,
        "PATH": os.pathsep.join([here, os.environ.get("PATH", os.defpath)]),
        "PREFECT_HOME": os.fspath(PREFECT_HOME.absolute()),
        "PREFECT_PROFILES_PATH": os.fspath(PREFECT_HOME.absolute() / "profiles.toml"),
        "PREFECT_API_URL": _api(),
        **{name: str(_port(name)) for name in PORTS},
        # A company's proxy does not lead to this machine.
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1,localhost"])),
        "PYTHONUNBUFFERED": "1",
        MARK: os.fspath(artifacts.SCRATCH.absolute()),
    }


def _honcho(*names: str) -> list[str]:
    return [sys.executable, "-m", "honcho", "start", "--no-colour", *names]


def _prefect(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UsageError(
            f"prefect {' '.join(arguments)}: {(done.stderr or done.stdout).strip()}",
            cure="correct prefect.yaml, then: make up",
        )


def _deploy() -> None:
    _prefect("deploy", "--all")


def _lay_out() -> None:
    """Make the work pool, and call every run crashed that an earlier session left running.

    No process is behind such a run, but it holds its deployment's only place, and the next
    retraining would wait for ever.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.client.schemas.filters import FlowRunFilter
    from prefect.states import Crashed

    ghosts = FlowRunFilter.model_validate(
        {"state": {"type": {"any_": ["RUNNING", "PENDING", "CANCELLING"]}}}
    )
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"), overwrite=True)
        for run in client.read_flow_runs(flow_run_filter=ghosts):
            state: State[None] = Crashed(message="the services were ended while it ran")
            client.set_flow_run_state(run.id, state, force=True)


def _started(within: str = MARK) -> list[psutil.Process]:
    """Return every living process that an ``up`` of this folder started, and has ``within`` set."""
    here = os.fspath(artifacts.SCRATCH.absolute())
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            if environment.get(MARK) == here and within in environment:
                found.append(process)
        except psutil.Error:
            continue  # gone, or another user's
    return [process for process in found if process.pid != os.getpid()]


def _supervisor() -> list[psutil.Process]:
    recorded = PID.read_text(encoding="utf-8").strip() if PID.exists() else ""
    return [process for process in _started() if str(process.pid) == recorded]


def _end(processes: list[psutil.Process], patience: float) -> None:
    """Ask, wait, then force."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    _, living = psutil.wait_procs(processes, timeout=patience)
    for process in living:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(living)


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _require_free(name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", _port(name)))
        except OSError as problem:
            raise UsageError(
                f"port {_port(name)} is in use by another program",
                expected="a free port on 127.0.0.1",
                cure=f"end that program, or choose another port: {name}={_port(name) + 10} make up",
            ) from problem


def _answers(url: str, content: bytes = b"") -> bool:
    """Return whether ``url`` answers, or answers an empty question with something that has it."""
    asking = urllib.request.Request(  # noqa: S310 - http on the loopback
        url, data=b"{}" if content else None, headers={"Content-Type": "application/json"}
    )
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with without_proxy.open(asking, timeout=5) as answer:
            return content in answer.read()
    except OSError:
        return False


def _wait(url: str, name: str, content: bytes = b"") -> None:
    deadline = time.monotonic() + PATIENCE
    while not _answers(url, content):
        if time.monotonic() > deadline or not _started():
            log = LOG.read_text(encoding="utf-8") if LOG.exists() else ""
            last = "\n".join(log.splitlines()[-15:])
            raise AssayError(f"{name} does not answer at {url}\n{last}", cure=f"see {LOG}")
        time.sleep(0.5)


def _next_steps() -> str:
    own = "" if _port("PREFECT_PORT") == 4200 else f"PREFECT_API_URL={_api()} "
    return f"""
Prefect   http://127.0.0.1:{_port("PREFECT_PORT")}
MLflow    http://127.0.0.1:{_port("MLFLOW_PORT")}
log       {LOG}

next      source .venv/bin/activate
          {own}prefect deployment run retrain/opinions --watch
          make down"""


if __name__ == "__main__":
    try:
        {"up": up, "down": down, "ui": ui, "ready": ready}[sys.argv[1]]()
    except AssayError as refusal:
        say(str(refusal))
        sys.exit(refusal.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
