"""The bounds of a connection hold behind TLS, where one side can't be closed alone."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from assay.serving.access.connections import Connection
from tests.serving.access.asked import Reached
from tests.serving.access.served import connected, everything, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Hasty(Connection):
    """Waits for a moment only."""

    head_seconds = 0.3
    rest_seconds = 0.3


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate that vouches for itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(encoding))
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, form, none))
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture(params=["uvloop", "asyncio"])
def client(files: tuple[Path, Path], request: pytest.FixtureRequest) -> Iterator[ssl.SSLSocket]:
    certificate, key = files
    trusting = ssl.create_default_context(cafile=certificate)
    trusting.check_hostname = False
    tls = {"ssl_certfile": certificate, "ssl_keyfile": key}
    with (
        served(Reached(), Hasty, loop=request.param, lifespan="off", **tls) as port,
        connected(port) as plain,
        trusting.wrap_socket(plain) as found,
    ):
        yield found


def test_a_client_that_only_connects_is_cut_off(client: ssl.SSLSocket) -> None:
    assert everything(client) == b""


def test_a_client_that_stops_within_a_head_is_told_and_cut_off(client: ssl.SSLSocket) -> None:
    client.sendall(b"GET / HTTP/1.1\r\nhost: ")
    assert everything(client).startswith(b"HTTP/1.1 408 ")


def test_a_head_without_end_is_refused(client: ssl.SSLSocket) -> None:
    client.sendall(b"GET / HTTP/1.1\r\n" + b"x-a: b\r\n" * 10_000)
    assert everything(client).startswith(b"HTTP/1.1 431 ")


def test_a_whole_request_is_answered(client: ssl.SSLSocket) -> None:
    client.sendall(
        b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbody"
    )
    answer = everything(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"body" in answer
