"""Where a server listens, and what it says where it can't."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from assay.errors import UsageError
from assay.serving.server import Address
from tests import made
from tests.cli.command import assay
from tests.serving.started import free_port

EVERYWHERE = "0.0.0.0"  # noqa: S104 (which is what is refused)


def test_clients_wait_from_the_moment_that_it_listens() -> None:
    address = Address(port=free_port())
    with (
        address.listening(),
        socket.create_connection(("127.0.0.1", address.port), timeout=5) as client,
    ):
        assert client.getpeername() == ("127.0.0.1", address.port)


def test_a_port_that_is_taken_is_refused_in_a_sentence() -> None:
    address = Address(port=free_port())
    with address.listening(), pytest.raises(UsageError, match="can't be listened on") as refused:
        address.listening()
    assert "--port" in refused.value.cure


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (Address(), "http://127.0.0.1:8800"),
        (Address("::1", 9000), "http://[::1]:9000"),
        (Address("localhost", 443, Path("cert.pem"), Path("key.pem")), "https://localhost:443"),
    ],
)
def test_its_url(address: Address, url: str) -> None:
    assert address.url == url


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["serve"], 2, "no model has a champion yet"),
        (["serve", "--certificate", "cert.pem"], 2, "both a certificate and its key"),
        (["serve", made.MODEL, "--shadow", "nothing"], 2, "names no challenger"),
        (["serve", made.MODEL, "--workspace", "--host", EVERYWHERE], 2, "on this machine alone"),
        (["serve", made.MODEL, "--host", EVERYWHERE], 2, "no client has a token"),
    ],
)
def test_what_the_command_refuses(
    words: list[str],
    code: int,
    said: str,
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = shutil.copytree(made.built(checkpoint), tmp_path / "a project")
    monkeypatch.chdir(folder)
    answer = assay(*words)
    assert answer.code == code
    assert said in answer.err.replace("\n", " ")
    assert "next:" in answer.err or "expected:" in answer.err
