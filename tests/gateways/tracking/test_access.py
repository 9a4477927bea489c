from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from assay.errors import StoreFailed, UsageError
from assay.files import write_secret
from assay.gateways.tracking import access, store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def listener() -> Iterator[tuple[str, list[str | None]]]:
    """Answer every request with an empty object; yield the address, and what was shown there."""
    shown: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization"))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", shown
        finally:
            server.shutdown()


def ask(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let MLflow's real client send a request."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    store.connect().get_experiment("0")


def test_a_credential_is_made_once_for_its_owner_alone(bare: Path) -> None:
    made = access.make_credential()
    access.CREDENTIAL.chmod(0o644)
    assert access.make_credential() == made == access.read_credential()
    assert access.CREDENTIAL.stat().st_mode & 0o777 == 0o600
    access.CREDENTIAL.unlink()
    assert access.read_credential() == ""
    assert access.make_credential() != made


@pytest.mark.parametrize("content", ["", "\n", "assay", "assay:", ":secret"])
def test_a_file_without_a_credential_opens_nothing(bare: Path, content: str) -> None:
    write_secret(access.CREDENTIAL, content)
    with pytest.raises(UsageError, match="expected: one line, user:password"):
        access.make_credential()


def test_the_credential_is_shown_to_the_own_server_alone(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(access.AUTH, raising=False)
    expected = access.header(access.make_credential())
    with listener() as (own, shown), listener() as (other, shown_elsewhere):
        ask(own, monkeypatch)
        assert set(shown) == {None}  # nothing says yet that it is ours
        write_secret(access.ADDRESS, f"{own}\n")
        ask(own, monkeypatch)
        assert shown[-1] == expected
        ask(other, monkeypatch)
        assert set(shown_elsewhere) == {None}
        assert access.AUTH not in os.environ  # it would hide ~/.netrc from the other
        ask(own, monkeypatch)
        assert shown[-1] == expected
        secret = access.read_credential().partition(":")[2]
        assert not any(secret in value for value in os.environ.values())
    monkeypatch.delenv(access.AUTH, raising=False)


@pytest.mark.parametrize("suffix", ["0", ".evil.example", "@evil.example/"])
def test_an_address_that_only_begins_like_the_own_one_is_another(bare: Path, suffix: str) -> None:
    write_secret(access.ADDRESS, "http://127.0.0.1:500\n")
    assert access.is_own("http://127.0.0.1:500/api")
    assert not access.is_own(f"http://127.0.0.1:500{suffix}")


def test_a_users_own_password_is_kept(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(access.AUTH, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "mine")
    access.make_credential()
    with listener() as (own, shown):
        write_secret(access.ADDRESS, f"{own}\n")
        ask(own, monkeypatch)
        assert shown[-1] == access.header("me:mine")
    monkeypatch.delenv(access.AUTH, raising=False)


def test_a_failure_never_says_the_credential(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = access.make_credential().partition(":")[2]
    write_secret(access.ADDRESS, "http://127.0.0.1:9\n")
    with pytest.raises(StoreFailed) as refused:
        ask("http://127.0.0.1:9", monkeypatch)
    assert secret not in str(refused.value)
