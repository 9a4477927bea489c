from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psutil
import pytest

from assay.services import addresses, deployments
from tests.services.project import clean, free_ports, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.project import Services

pytestmark = pytest.mark.xdist_group("services")  # one worker starts the servers


def call(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay.services", *words],
        cwd=folder,
        env={**clean(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").touch()
    (tmp_path / "dvc.yaml").touch()
    return tmp_path


def test_a_port_in_use_is_named_with_the_way_out(bare: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused = call(bare, "up", **free_ports("PREFECT_PORT"), MLFLOW_PORT=port)
    assert refused.returncode == 2
    assert f"port {port} is in use" in refused.stderr
    assert "MLFLOW_PORT=" in refused.stderr


def test_a_port_that_is_no_number_is_refused(bare: Path) -> None:
    refused = call(bare, "up", PREFECT_PORT="http")
    assert (refused.returncode, "PREFECT_PORT is 'http'" in refused.stderr) == (2, True)


def test_outside_a_project_nothing_starts(tmp_path: Path) -> None:
    refused = call(tmp_path, "up")
    assert refused.returncode == 2
    assert "no params.yaml" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_down_where_nothing_is_up_is_no_fault(bare: Path) -> None:
    assert call(bare, "down").returncode == 0


@pytest.mark.parametrize("words", [[], ["over"]])
def test_an_unknown_command_is_refused_with_the_valid_ones(bare: Path, words: list[str]) -> None:
    refused = call(bare, *words)
    assert refused.returncode == 2
    for command in ("up", "down", "ui"):
        assert command in refused.stderr


def test_what_is_up_is_said_to_be_up_and_keeps_running(services: Services) -> None:
    before = {process for process, command in services.processes().items() if "start" in command}
    said = services.make("up")
    assert "already up" in said
    assert services.api.removesuffix("/api") in said
    assert before <= set(services.processes())


def test_everything_listens_on_the_loopback_alone(services: Services) -> None:
    listening = {
        connection.laddr
        for process in services.processes()
        for connection in psutil.Process(process).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert {str(address.port) for address in listening} >= set(services.ports.values())


def test_prefects_own_folder_is_the_projects(services: Services) -> None:
    assert (services.folder / ".assay/prefect/prefect.db").is_file()
    told = services.run("prefect", "config", "view", "--show-sources")
    assert f"PREFECT_API_URL='{services.api}' (from profile)" in told.stdout
    assert "PREFECT_API_AUTH_STRING='********' (from profile)" in told.stdout
    assert "PREFECT_HOME='.assay/prefect' (from prefect.toml)" in told.stdout


def under_way(services: Services) -> str:
    """Start a retraining that stays in its stage; return its id."""
    (services.folder / "hold-opinions").touch()
    (services.folder / "opinions.pid").unlink(missing_ok=True)
    with (services.folder / "data/inbox/opinions/rows.csv").open("a") as rows:
        rows.write("new,good\n")
    run = services.submit("opinions")
    until((services.folder / "opinions.pid").exists)
    return run


def program(services: Services, words: str) -> int:
    """Return the process of one service, by words of its command; wait for its start."""

    def found() -> list[int]:
        return [pid for pid, command in services.processes().items() if words in command]

    until(lambda: len(found()) == 1)
    return found()[0]


WORKER, RUN = "prefect worker start", "assay.services.worker"
SERVERS = ("assay.services prefect", "assay.services mlflow")


def test_a_dead_worker_takes_its_run_along_is_started_again_and_the_next_run_completes(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = under_way(services)
    servers = [program(services, words) for words in SERVERS]
    supervisor, worker = program(services, "supervisord"), program(services, WORKER)
    below = {process.pid for process in psutil.Process(worker).children(recursive=True)}
    assert len(below) >= 3  # the flow, dvc, the stage

    os.kill(supervisor, signal.SIGSTOP)  # so that nothing starts the next one yet
    os.kill(worker, signal.SIGKILL)
    died = datetime.now(UTC)
    until(lambda: not below & set(services.processes()))
    monkeypatch.chdir(services.folder)
    for name, port in services.ports.items():
        monkeypatch.setenv(name, port)
    # Prefect still calls the dead one online; nothing may wait for a worker and be content with it.
    assert deployments.has_worker(datetime.fromtimestamp(0, UTC))
    assert not deployments.has_worker(died)
    os.kill(supervisor, signal.SIGCONT)

    until(lambda: deployments.has_worker(died))
    assert services.ask(f"flow_runs/{run}")["state_type"] == "CRASHED"
    assert [program(services, words) for words in SERVERS] == servers
    (services.folder / "hold-opinions").unlink()
    assert services.ended(services.submit("opinions"))["state_type"] == "COMPLETED"


def test_dead_servers_are_started_again_and_the_run_under_way_completes(
    services: Services,
) -> None:
    run = under_way(services)
    servers = [program(services, words) for words in SERVERS]
    others = [program(services, words) for words in ("supervisord", WORKER, RUN)]
    for server in servers:
        os.kill(server, signal.SIGKILL)
    until(lambda: not set(servers) & set(services.processes()))
    until(lambda: addresses.ask(f"{services.api}/health") is not None)
    mlflow = f"http://127.0.0.1:{services.ports['MLFLOW_PORT']}/health"
    until(lambda: addresses.ask(mlflow) is not None)

    assert [program(services, words) for words in ("supervisord", WORKER, RUN)] == others
    (services.folder / "hold-opinions").unlink()
    assert services.ended(run)["state_type"] == "COMPLETED"


def test_a_dead_run_is_called_crashed_and_the_next_one_completes(services: Services) -> None:
    run = under_way(services)
    flow, worker = program(services, RUN), program(services, WORKER)
    children = psutil.Process(flow).children(recursive=True)
    below = {process.pid for process in children}
    secret = services.credential.partition(":")[2]
    assert not any(secret in value for child in children for value in child.environ().values())
    os.kill(flow, signal.SIGKILL)
    until(lambda: not below & set(services.processes()))
    assert services.ended(run)["state_type"] == "CRASHED"
    assert program(services, WORKER) == worker
    (services.folder / "hold-opinions").unlink()
    assert services.ended(services.submit("opinions"))["state_type"] == "COMPLETED"


def test_everything_dies_with_the_supervisor_and_the_next_up_repairs_all(
    services: Services,
) -> None:
    run = under_way(services)
    os.kill(program(services, "supervisord"), signal.SIGKILL)
    until(lambda: not services.processes())

    (services.folder / "hold-opinions").unlink()
    services.make("up")
    lost = services.ask(f"flow_runs/{run}")
    assert (lost["state_type"], lost["state"]["message"]) == (
        "CRASHED",
        "the services were ended while it ran",
    )
    assert services.ended(services.submit("opinions"))["state_type"] == "COMPLETED"


def test_down_ends_everything_a_run_included_while_the_dead_are_started_again(
    services: Services,
) -> None:
    under_way(services)
    for words in SERVERS:
        os.kill(program(services, words), signal.SIGKILL)
    services.make("down")
    assert services.processes() == {}
    for port in services.ports.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))) != 0
    assert not (services.folder / ".assay/services.pid").exists()
    (services.folder / "hold-opinions").unlink()


def test_ui_shows_mlflow_alone_until_ctrl_c(services: Services) -> None:
    page = subprocess.Popen(
        ["make", "ui"],
        cwd=services.folder,
        env={**clean(), **services.ports},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{services.ports['MLFLOW_PORT']}"
        until(lambda: addresses.ask(f"{url}/health") is not None)
        assert addresses.ask(f"{services.api}/health") is None
        assert addresses.ask(url) is None
        assert addresses.ask(url, authorization=services.authorization) is not None
    finally:
        os.killpg(page.pid, signal.SIGINT)
        page.wait()
    until(lambda: not services.processes())
