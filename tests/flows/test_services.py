from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.conftest import clean, free_ports


def call(target: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-m", "flows.services", target],
        cwd=folder,
        env={**clean(), "PYTHONPATH": str(root), **environment},
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
        refused = call("up", bare, **free_ports("PREFECT_PORT"), MLFLOW_PORT=port)
    assert refused.returncode == 2
    assert f"port {port} is in use" in refused.stderr
    assert "MLFLOW_PORT=" in refused.stderr


def test_a_port_that_is_no_number_is_refused(bare: Path) -> None:
    refused = call("up", bare, PREFECT_PORT="http")
    assert (refused.returncode, "PREFECT_PORT is 'http'" in refused.stderr) == (2, True)


def test_outside_a_project_nothing_starts(tmp_path: Path) -> None:
    refused = call("up", tmp_path)
    assert refused.returncode == 2
    assert "no params.yaml" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_down_where_nothing_is_up_is_no_fault(bare: Path) -> None:
    assert call("down", bare).returncode == 0
