"""compose.yaml: by its schema, pinned, on the loopback alone, bounded, without a typed secret."""

from __future__ import annotations

import re
import stat
import subprocess
from configparser import ConfigParser
from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.found import DEPLOY, checked, documents, start_command

if TYPE_CHECKING:
    from pathlib import Path

FILE = DEPLOY / "compose.yaml"
(CONTENT,) = documents(FILE)
SERVICES: dict[str, dict[str, Any]] = CONTENT["services"]
# Built here, from files that are pinned themselves.
OWN = {
    "assay-serving:0.1.0": "deploy/Dockerfile",
    "assay-training:0.1.0": "deploy/Dockerfile.train",
}


def test_the_schema_of_compose_holds() -> None:
    checked("check-jsonschema", "--builtin-schema", "vendor.compose-spec", FILE)


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_built_here_or_pinned_by_its_digest(name: str) -> None:
    image, build = SERVICES[name]["image"], SERVICES[name].get("build", {})
    if image in OWN:
        assert (build["context"], build["dockerfile"]) == ("..", OWN[image])
    else:
        assert re.search(r"@sha256:[0-9a-f]{64}$", image)


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_those_of_the_loopback(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert port.startswith("127.0.0.1:"), port


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded_watched_and_without_rights(name: str) -> None:
    service = SERVICES[name]
    assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys()
    assert "healthcheck" in service or service["image"] == "assay-serving:0.1.0"
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["restart"] == "unless-stopped"
    assert not {"privileged", "network_mode", "pid", "devices"} & service.keys()


def test_secrets_are_files_and_nowhere_typed() -> None:
    folder = {secret["file"] for secret in CONTENT["secrets"].values()}
    assert all(file.startswith("secrets/") for file in folder)
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|CREDENTIAL|TOKEN|AUTH", name):
                assert str(value).startswith("/run/secrets/"), name
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), name
    used = [one for service in SERVICES.values() for one in service.get("secrets", ())]
    names = {one if isinstance(one, str) else one["source"] for one in used}
    assert names == CONTENT["secrets"].keys()


def test_the_server_starts_as_its_image_does_and_can_write_nothing_but_its_own() -> None:
    serve = SERVICES["serve"]
    assert ["assay", *serve["command"]] == start_command()
    assert serve["read_only"] and serve["cap_drop"] == ["ALL"]
    writable = [mount for mount in serve["volumes"] if not mount.endswith(":ro")]
    assert writable == ["serving:/project/.assay"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    for mount in SERVICES[name].get("volumes", ()):
        source = mount.split(":")[0]
        if source.startswith("."):
            assert source == "../releases" or (DEPLOY / source).exists(), mount
        else:
            assert source in CONTENT["volumes"], mount


def _make_secrets(folder: Path) -> dict[str, str]:
    script = folder / "make-secrets.sh"
    script.write_bytes((DEPLOY / "make-secrets.sh").read_bytes())
    done = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return {path.name: path.read_text() for path in (folder / "secrets").iterdir()}


def test_every_secret_is_made_once_and_for_nobody_else(tmp_path: Path) -> None:
    made = _make_secrets(tmp_path)
    assert {f"secrets/{name}" for name in made} == {
        secret["file"] for secret in CONTENT["secrets"].values()
    }
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert re.fullmatch("[0-9a-f]{64}", made["postgres_password"])
    assert re.fullmatch("assay:[0-9a-f]{64}", made["prefect_credential"])
    assert _make_secrets(tmp_path) == made
    (tmp_path / "secrets/mlflow_key").unlink()
    again = _make_secrets(tmp_path)
    assert again.pop("mlflow_key") != made.pop("mlflow_key")
    assert again == made


def test_mlflow_and_its_clients_have_one_password(tmp_path: Path) -> None:
    made = _make_secrets(tmp_path)
    server, client = ConfigParser(), ConfigParser()
    server.read_string(made["mlflow_login"])
    client.read_string(made["mlflow_credentials"])
    password = server["mlflow"]["admin_password"]
    assert re.fullmatch("[0-9a-f]{64}", password)
    assert client["mlflow"]["mlflow_tracking_password"] == password
    assert client["mlflow"]["mlflow_tracking_username"] == server["mlflow"]["admin_username"]
    database = server["mlflow"]["database_uri"].rpartition("/")[2]
    assert f"CREATE DATABASE {database};" in (DEPLOY / "databases.sql").read_text()
