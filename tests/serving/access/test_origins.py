from __future__ import annotations

import asyncio
from typing import Any

import pytest

from assay.origins import Names
from assay.serving.access.faults import Faults
from assay.serving.access.origins import Origins
from tests.serving.access.asked import Reached, ask

HOST = "127.0.0.1:8000"


@pytest.fixture
def application() -> Faults:
    return Faults(Origins(Reached(), Names([HOST], ["http", "https"])))


def test_a_program_and_an_own_page_get_through(application: Faults) -> None:
    assert ask(application, "/", ("host", HOST)).status == 200
    for scheme in ("http", "https"):
        own = ("origin", f"{scheme}://{HOST}")
        assert ask(application, "/", ("host", HOST), own).status == 200


def test_a_name_that_was_made_to_lead_here_is_403(application: Faults) -> None:
    answer = ask(application, "/", ("host", "evil.example:8000"))
    assert (answer.status, answer.error) == (403, f"this service answers at {HOST} alone")
    assert ask(application, "/").status == 403
    assert ask(application, "/", ("host", HOST), ("host", "evil.example")).status == 403


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:3000"])
def test_a_page_of_another_site_is_403(application: Faults, method: str, origin: str) -> None:
    answer = ask(application, "/", ("host", HOST), ("origin", origin), method=method)
    assert answer.status == 403
    assert answer.error == "this service takes no requests from pages of other sites"


def test_a_probe_asks_by_any_name(application: Faults) -> None:
    by_address = ("host", "10.1.2.3:8000")
    for path in ("/v2/health/live", "/v2/health/ready"):
        assert ask(application, path, by_address, method="GET").status == 200
        assert ask(application, path, by_address, method="POST").status == 403


def test_a_web_socket_is_closed_before_it_opens(application: Faults) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read of a web socket")

    asyncio.run(application({"type": "websocket", "headers": []}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
