"""A small project under the real `make up`: real server, real worker, real flow, quick stages."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from tests.pipelines import INGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
MODELS = ("opinions", "clock", "broken", "crashing", "diverging")
BLOCK = """\
  {model}:
    data: text
    task: classification
    labels: [good, bad]
"""
# A block that a test makes; until then the run warns of it.
NOTIFY = "    retrain: {notify: [custom-webhook/team]}\n"
SERVER_PORTS = range(20_000, 32_000)
# Prefect looks for work, and for a free place, every few seconds: here every one.
QUICK = {
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
}
# `ingest` is the real stage; `evaluate` makes at once whatever the registry asks for.
PIPELINE = (
    INGEST
    + """\
  evaluate:
    foreach: ${models}
    do:
      cmd: python evaluate.py ${key}
      deps:
        - data/raw/${key}.parquet
      outs:
        - data/splits/${key}
        - models/${key}
        - reports/${key}/data_docs
      metrics:
        - reports/${key}/metrics.json
        - reports/${key}/parity.json
"""
)
# Takes the model's name when it is asked for.
ANY = """
  - name: any
    entrypoint: flows/retrain.py:retrain
    work_pool: {name: local}
"""


@dataclass(frozen=True)
class Services:
    """What `make up` of one project started."""

    folder: Path
    ports: dict[str, str]

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.ports['PREFECT_PORT']}/api"

    @property
    def credential(self) -> str:
        """What `make up` wrote: a user and a password."""
        return (self.folder / ".assay/credential").read_text().strip()

    @property
    def authorization(self) -> str:
        return f"Basic {base64.b64encode(self.credential.encode()).decode()}"

    def make(self, target: str) -> str:
        """Run a target of the Makefile; return what it said."""
        done = self.run("make", target)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def prefect(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call Prefect's own command."""
        return self.run("prefect", *words)

    def processes(self) -> dict[int, str]:
        """Return every process that lives by `make up` of this project, and its command."""
        found = {}
        for process in psutil.process_iter():
            try:
                mark = process.environ().get("ASSAY_SERVICES_OF")
                if mark == str(self.folder / ".assay"):
                    found[process.pid] = " ".join(process.cmdline())
            except psutil.Error:
                continue
        return found

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a user does in the activated environment."""
        here = self.folder / ".venv/bin"
        path = f"{here}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            words,
            cwd=self.folder,
            env={**clean(), **self.ports, **QUICK, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def ask(self, path: str, **content: Any) -> Any:
        """Ask Prefect's server: GET, or POST when there is content."""
        request = urllib.request.Request(  # noqa: S310 - http on the loopback
            f"{self.api}/{path}",
            data=json.dumps(content).encode() if content else None,
            headers={"Content-Type": "application/json", "Authorization": self.authorization},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as problem:
            if problem.code != 503:  # "try again": two writers met in the database
                raise
            time.sleep(1)
            return self.ask(path, **content)

    def submit(self, deployment: str, **parameters: Any) -> str:
        """Ask for a run, as the page's button does; return its id."""
        deployed = self.ask(f"deployments/name/retrain/{deployment}")
        content = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        asked = self.ask(f"deployments/{deployed['id']}/create_flow_run", **content)
        return str(asked["id"])

    def ended(self, run: str) -> dict[str, Any]:
        """Wait for a run's end; return it."""

        def final() -> bool:
            state = self.ask(f"flow_runs/{run}")["state_type"]
            return state in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")

        until(final)
        return dict(self.ask(f"flow_runs/{run}"))

    def tasks(self, run: str) -> list[dict[str, Any]]:
        """Return a run's task runs in the order of their start."""
        found = self.ask("task_runs/filter", flow_runs={"id": {"any_": [run]}})
        return sorted(found, key=lambda task: str(task["start_time"]))

    def logs(self, **where: Any) -> list[str]:
        """Return the lines of a run's or a task run's log."""
        found = self.ask("logs/filter", logs=where, sort="TIMESTAMP_ASC")
        return [str(line["message"]) for line in found]


def clean() -> dict[str, str]:
    """Return an environment without what other tests, or a user's own Prefect, may have set."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT", "MLFLOW_TRACKING", "MAKE", "ASSAY_LIVE"))
    }


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not holds():
        assert time.monotonic() < deadline, "nothing happened for three minutes"
        time.sleep(0.25)


def free_ports(*names: str) -> dict[str, str]:
    """Return a port for each name, below those that the system gives to clients.

    A client that asks a port of that range again and again, until a server answers, may be given
    the very port as its own end; then the server finds it taken.
    """
    found: dict[str, str] = {}
    with ExitStack() as held:
        for port in random.sample(SERVER_PORTS, 100):
            probe = held.enter_context(socket.socket())
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found[names[len(found)]] = str(port)
            if len(found) == len(names):
                return found
    raise AssertionError("a hundred ports are taken")


def lay_out(folder: Path, deployments: str) -> None:
    """Make the project: all that `make up` is made of is the repository's own."""
    (folder / ".venv").mkdir(parents=True)
    for part in Path(sys.prefix).iterdir():
        (folder / ".venv" / part.name).symlink_to(part)
    for name in ("Makefile", "supervisord.conf", "prefect.toml", "prefect.yaml", ".gitignore"):
        shutil.copyfile(ROOT / name, folder / name)
    for name in ("flows", ".dvc"):
        skipped = shutil.ignore_patterns("__pycache__", "tmp", "cache")
        shutil.copytree(ROOT / name, folder / name, ignore=skipped)
    # The environment is as new as what it was made from.
    for name in ("requirements.lock", "pyproject.toml"):
        (folder / name).touch()
        os.utime(folder / name, (0, 0))
    (folder / ".venv/ready").unlink(missing_ok=True)
    (folder / ".venv/ready").touch()

    with (folder / "prefect.yaml").open("a") as stream:
        stream.write(ANY + deployments)
    blocks = "".join(BLOCK.format(model=model) for model in MODELS)
    blocks = blocks.replace("  broken:\n", f"  broken:\n{NOTIFY}")
    (folder / "params.yaml").write_text("models:\n" + blocks)
    (folder / "dvc.yaml").write_text(PIPELINE)
    shutil.copyfile(Path(__file__).with_name("evaluate.py"), folder / "evaluate.py")
    for model in MODELS:
        (folder / "data/inbox" / model).mkdir(parents=True)
        column = "words" if model == "broken" else "text"
        rows = f"{column},label\nfine,good\npoor,bad\n"
        (folder / "data/inbox" / model / "rows.csv").write_text(rows)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)


@contextmanager
def running(folder: Path, deployments: str = "") -> Iterator[Services]:
    """Make the project in ``folder``, with more deployments, and have its services up."""
    lay_out(folder, deployments)
    services = Services(folder, free_ports("PREFECT_PORT", "MLFLOW_PORT"))
    try:
        services.make("up")
        yield services
    finally:
        services.make("down")
