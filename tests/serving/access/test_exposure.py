from __future__ import annotations

from typing import Any

import pytest

from assay.errors import UsageError
from assay.serving.access.exposure import names, require_safe

EVERY = ["0.0.0.0", "::", ""]  # noqa: S104 (nothing is opened)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost", "LOCALHOST"])
def test_on_the_loopback_nothing_is_needed(host: str) -> None:
    assert require_safe(host, tokens=False, tls=False) is None


@pytest.mark.parametrize(
    "host", [*EVERY, "192.168.0.7", "2001:db8::1", "models.example", "localhost.evil"]
)
def test_another_address_without_tokens_is_refused_at_start(host: str) -> None:
    for tls in (False, True):
        with pytest.raises(UsageError, match="no client has a token") as refusal:
            require_safe(host, tokens=False, tls=tls)
        assert refusal.value.cure == "assay tokens add NAME, or --host 127.0.0.1"
    assert require_safe(host, tokens=True, tls=True) is None
    assert "unencrypted" in (require_safe(host, tokens=True, tls=False) or "")


def asked(host: str, origin: str | None = None) -> dict[str, Any]:
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
    return {"headers": headers}


def test_a_server_on_the_loopback_has_the_names_of_this_machine() -> None:
    known = names("127.0.0.1", 8000)
    for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        assert known.refusal(asked(host)) is None
        assert known.refusal(asked(host, f"http://{host}")) is None
        assert known.refusal(asked(host, f"https://{host}")) is None
    for host in ("evil.example:8000", "127.0.0.1:8001", "127.0.0.1", "localhost"):
        assert known.refusal(asked(host)) is not None
    assert known.refusal(asked("localhost:8000", "http://localhost:3000")) is not None


@pytest.mark.parametrize("port", [80, 443])
def test_on_a_schemes_own_port_a_name_needs_none(port: int) -> None:
    known = names("192.168.0.7", port)
    for host in ("192.168.0.7", f"192.168.0.7:{port}", "localhost"):
        assert known.refusal(asked(host)) is None


def test_a_user_names_more() -> None:
    known = names("", 8000, ["models.example", "other.example:9000"])
    for host in ("models.example", "models.example:8000", "other.example:9000", "127.0.0.1:8000"):
        assert known.refusal(asked(host, f"https://{host}")) is None
    for host in ("other.example", "other.example:9001", "192.168.0.7:8000", "evil.example"):
        assert known.refusal(asked(host)) is not None


@pytest.mark.parametrize("host", EVERY)
def test_a_server_on_every_address_answers_at_any_name_and_no_foreign_page(host: str) -> None:
    known = names(host, 8000)
    assert known.refusal(asked("10.1.2.3:8000")) is None
    assert known.refusal(asked("a.example:8000", "https://a.example:8000")) is None
    assert known.refusal(asked("a.example:8000", "https://evil.example")) is not None


def test_one_address_is_its_name() -> None:
    assert names("2001:db8::1", 8000).refusal(asked("[2001:db8::1]:8000")) is None
    assert names("models.example", 8000).refusal(asked("models.example:8000")) is None
    assert names("192.168.0.7", 8000).refusal(asked("192.168.0.8:8000")) is not None
