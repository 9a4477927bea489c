from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assay.gateways.tracking import access
from assay.services.guard import Guard

if TYPE_CHECKING:
    from collections.abc import MutableMapping

HOSTS = ("127.0.0.1:4200", "localhost:4200")
RIGHT = access.header("assay:secret")


def ask(
    *headers: tuple[str, str],
    kind: str = "http",
    method: str = "GET",
    path: str = "/",
    authorization: str | None = RIGHT,
) -> list[MutableMapping[str, Any]]:
    """Return what the guard sends; the application behind it sends one message of its own."""
    sent: list[MutableMapping[str, Any]] = []

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "reached"})

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("a guard reads no body")

    scope = {
        "type": kind,
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    guard = Guard(application, HOSTS, authorization, open_paths=("/health",))
    asyncio.run(guard(scope, receive, send))
    return sent


def reached(*headers: tuple[str, str], **how: Any) -> bool:
    return ask(*headers, **how) == [{"type": "reached"}]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_own_pages_and_programs_get_through_with_the_credential(host: str, kind: str) -> None:
    known = (("host", host), ("authorization", RIGHT))
    assert reached(*known, kind=kind)
    assert reached(*known, ("origin", f"http://{host}"), kind=kind)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4200",
        "127.0.0.1",
        "127.0.0.1:4200.evil.example",
        "",
        "[::1]:4200",
    ],
)
def test_another_name_of_this_machine_is_refused(host: str) -> None:
    answer, body = ask(("host", host), ("authorization", RIGHT))
    assert answer["status"] == 403
    assert b"127.0.0.1:4200" in body["body"]


@pytest.mark.parametrize("hosts", [[], [HOSTS[0], HOSTS[0]], [HOSTS[0], "evil.example"]])
def test_there_is_exactly_one_host(hosts: list[str]) -> None:
    assert not reached(*(("host", host) for host in hosts), ("authorization", RIGHT))


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://127.0.0.1:8888",
        "https://127.0.0.1:4200",
        "http://127.0.0.1:4200.evil.example",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_of_another_site_is_refused_whatever_it_knows(origin: str, method: str) -> None:
    asked = (("host", HOSTS[0]), ("origin", origin), ("authorization", RIGHT))
    assert ask(*asked, method=method)[0]["status"] == 403
    assert ask(*asked, method=method, path="/health")[0]["status"] == 403


def test_a_web_socket_of_another_site_is_closed_before_it_opens() -> None:
    asked = (("host", HOSTS[0]), ("origin", "https://evil.example"))
    assert ask(*asked, kind="websocket") == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("given", [None, "", "Basic", RIGHT[:-1], RIGHT.lower(), "Basic é"])
def test_without_the_credential_the_browser_is_asked_for_it(given: str | None) -> None:
    shown = [] if given is None else [("authorization", given)]
    answer, _ = ask(("host", HOSTS[0]), *shown)
    assert answer["status"] == 401
    assert dict(answer["headers"])[b"www-authenticate"].startswith(b"Basic ")


def test_two_credentials_are_none() -> None:
    asked = (("host", HOSTS[0]), ("authorization", RIGHT), ("authorization", RIGHT))
    assert not reached(*asked)


def test_an_open_path_is_open_to_a_get_of_exactly_itself() -> None:
    host = ("host", HOSTS[0])
    assert reached(host, path="/health")
    assert not reached(host, path="/health", method="POST")
    assert not reached(host, path="/health/")
    assert not reached(host, path="/x/health")
    assert not reached(host, path="/health", kind="websocket")


def test_an_application_with_a_login_of_its_own_gets_every_header() -> None:
    assert reached(("host", HOSTS[0]), authorization=None)
    assert not reached(("host", "evil.example"), authorization=None)


def test_start_and_end_of_the_application_pass() -> None:
    assert reached(kind="lifespan")


FOREIGN = {"origin": "https://evil.example"}


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({"host": "evil.example"}, 403, f"this service answers at {' and '.join(HOSTS)} alone\n"),
        (FOREIGN, 403, "this service takes no requests from pages of other sites\n"),
        ({}, 401, "this service wants the user name and password in .assay/credential\n"),
        ({"authorization": RIGHT}, 200, "/a page"),
    ],
)
def test_a_client_gets_a_whole_answer(headers: dict[str, str], status: int, text: str) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    async def asked() -> httpx.Response:
        guard = Guard(application, HOSTS, RIGHT)
        transport = httpx.ASGITransport(app=guard)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOSTS[0]}") as client:
            return await client.get("/a page", headers=headers)

    answer = asyncio.run(asked())
    assert (answer.status_code, answer.text) == (status, text)
    if status != 200:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    asks = answer.headers.get("www-authenticate")
    assert asks == ('Basic realm="assay", charset="UTF-8"' if status == 401 else None)
