"""What a page of another site, and another user of this machine, can do to real services."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

if TYPE_CHECKING:
    from tests.services.project import Services

pytestmark = pytest.mark.xdist_group("services")

EVIL = {"Origin": "https://evil.example"}
REBOUND = {"Host": "evil.example"}
SEARCH = "api/2.0/mlflow/experiments/search?max_results=10"
CREATE = "api/2.0/mlflow/experiments/create"


def status(url: str, content: Any = None, **headers: str) -> int:
    """Return the status of a GET, or of a POST of ``content``."""
    request = urllib.request.Request(  # noqa: S310 - http on the loopback
        url,
        data=None if content is None else json.dumps(content).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as problem:
        return problem.code


@pytest.fixture
def mlflow(services: Services) -> str:
    return f"http://127.0.0.1:{services.ports['MLFLOW_PORT']}"


def create_run(services: Services, **content: Any) -> tuple[str, dict[str, Any]]:
    """Return the request of the attack: its address, and what it sends."""
    deployed = services.ask("deployments/name/retrain/opinions")["id"]
    url = f"{services.api}/deployments/{deployed}/create_flow_run"
    return url, {"state": {"type": "SCHEDULED"}, **content}


def runs(services: Services) -> list[dict[str, Any]]:
    return list(services.ask("flow_runs/filter", sort="ID_DESC"))


def test_a_foreign_page_starts_no_command(services: Services) -> None:
    url, content = create_run(services, job_variables={"command": "touch owned"})
    before = runs(services)
    assert status(url, content, **EVIL) == 403
    assert status(url, content, **EVIL, Authorization=services.authorization) == 403
    assert status(url, content, **REBOUND, Authorization=services.authorization) == 403
    assert status(url, content) == 401
    assert status(url, content, Authorization="Basic YXNzYXk6") == 401
    assert runs(services) == before
    assert not (services.folder / "owned").exists()


@pytest.mark.parametrize(
    "variables",
    [
        {"command": "touch owned"},
        {"env": {"PYTHONSTARTUP": "owned.py"}},
        {"env.PYTHONSTARTUP": "owned.py"},
        {"working_dir": "/"},
        {"anything": "else"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_not_even_who_knows_the_credential_chooses_what_a_run_is(
    services: Services, variables: dict[str, Any]
) -> None:
    url, content = create_run(services, job_variables=variables)
    before = runs(services)
    assert status(url, content, Authorization=services.authorization) == 422
    assert runs(services) == before


def test_prefect_answers_nothing_without_the_credential(services: Services) -> None:
    for path in ("version", "flows/filter", "work_pools/local", "admin/settings"):
        assert status(f"{services.api}/{path}") in (401, 405)
    assert status(f"{services.api}/flow_runs/filter", {}) == 401
    assert (
        status(f"{services.api}/flow_runs/filter", {}, Authorization=services.authorization) == 200
    )


@pytest.mark.parametrize("path", ["events/in", "events/out", "logs/out"])
def test_prefects_web_sockets_tell_a_stranger_nothing(services: Services, path: str) -> None:
    url = f"{services.api.replace('http', 'ws')}/{path}"
    with pytest.raises(InvalidStatus, match="403"):
        connect(url, origin=Origin(EVIL["Origin"]), subprotocols=[Subprotocol("prefect")])
    with (
        connect(url, subprotocols=[Subprotocol("prefect")]) as socket,
        pytest.raises(ConnectionClosed),
    ):
        socket.send(json.dumps({"type": "auth", "token": "guessed"}))
        socket.recv(timeout=30)


def test_prefects_pages_ask_for_the_credential(services: Services) -> None:
    with urllib.request.urlopen(f"{services.api.removesuffix('/api')}/ui-settings") as answer:  # noqa: S310
        assert json.load(answer)["auth"] == "BASIC"


def test_mlflow_reads_and_writes_nothing_without_the_credential(mlflow: str) -> None:
    assert status(f"{mlflow}/health") == 200
    for path in ("", "version", "static-files/favicon.ico", SEARCH, "metrics", "graphql"):
        assert status(f"{mlflow}/{path}") == 401, path
    artifact = "api/2.0/mlflow-artifacts/artifacts/x"
    for path in (CREATE, f"ajax-{CREATE}", artifact, "graphql", "v1/traces"):
        assert status(f"{mlflow}/{path}", {"name": "theirs"}) == 401, path


def test_mlflow_takes_nothing_from_a_foreign_page_of_a_user_who_is_logged_in(
    services: Services, mlflow: str
) -> None:
    known = {"Authorization": services.authorization}
    assert status(f"{mlflow}/{SEARCH}", **known) == 200
    for foreign in (EVIL, REBOUND, {"Origin": "http://127.0.0.1:8888"}):
        assert status(f"{mlflow}/{SEARCH}", **foreign, **known) == 403
        assert status(f"{mlflow}/{CREATE}", {"name": "theirs"}, **foreign, **known) == 403


@pytest.mark.parametrize("field", ["artifact_location", "artifactLocation"])
@pytest.mark.parametrize(
    "place", ["file:///etc", "/etc", "etc", "s3://bucket", "mlflow-artifacts:/a/%2e%2e/%2e%2e/etc"]
)
def test_artifacts_are_kept_nowhere_but_in_mlflows_folder(
    services: Services, mlflow: str, place: str, field: str
) -> None:
    known = {"Authorization": services.authorization}
    asked: Any = {"name": f"{field} {place}", field: place}
    assert status(f"{mlflow}/{CREATE}", asked, **known) == 400
    assert status(f"{mlflow}/ajax-{CREATE}", json.dumps(asked), **known) == 400  # encoded twice
    inside = {"name": f"inside {field} {place}", field: "mlflow-artifacts:/inside"}
    assert status(f"{mlflow}/{CREATE}", inside, **known) == 200


def test_the_credential_is_its_owners_alone(services: Services) -> None:
    secret = services.credential.partition(":")[2]
    assert len(secret) >= 43  # 32 random bytes in base64
    kept = [services.folder / ".assay" / name for name in ("credential", "prefect/profiles.toml")]
    for path in kept:
        assert path.stat().st_mode & 0o777 == 0o600
        assert secret in path.read_text()
    for process in map(psutil.Process, services.processes()):
        assert secret not in " ".join(process.cmdline())
        assert secret not in " ".join(process.environ().values())
    for path in services.folder.glob(".assay/logs/*"):
        assert secret not in path.read_text()
    assert ".assay" in (services.folder / ".gitignore").read_text().split()


def test_commands_in_the_folder_find_the_credential_by_themselves(
    services: Services, mlflow: str
) -> None:
    listed = services.prefect("deployment", "ls")
    assert (listed.returncode, "retrain/opinions" in listed.stdout) == (0, True), listed.stdout

    built = services.run("env", f"MLFLOW_TRACKING_URI={mlflow}", "assay", "run", "opinions")
    assert built.returncode == 0, built.stdout
    assert "version 1" in built.stdout
    secret = services.credential.partition(":")[2]
    assert secret not in built.stdout
    assert secret.encode() not in (services.folder / "mlruns/mlflow.db-wal").read_bytes()
    assert secret.encode() not in (services.folder / "mlruns/mlflow.db").read_bytes()
