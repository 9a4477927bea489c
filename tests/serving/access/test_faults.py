from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from assay.serving import refusals
from assay.serving.access.faults import FAULT, Faults
from tests.serving.access.asked import ask, scope
from tests.serving.access.served import served

if TYPE_CHECKING:
    from assay.asgi import Receive, Scope, Send

PRIVATE = "my private text"


def raising(problem: Exception) -> Faults:
    async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise problem

    return Faults(application)


@pytest.mark.parametrize(
    ("problem", "status", "headers"),
    [
        (refusals.BadRequest("a"), 400, {}),
        (refusals.Unauthorized("a"), 401, {"www-authenticate": "Bearer"}),
        (refusals.Forbidden("a"), 403, {}),
        (refusals.NotFound("a"), 404, {}),
        (refusals.TooSlow("a"), 408, {"connection": "close"}),
        (refusals.TooLarge("a"), 413, {}),
        (refusals.UnsupportedEncoding("a"), 415, {"accept-encoding": "gzip, deflate"}),
        (refusals.TooMany("a", 2.2), 429, {"retry-after": "3"}),
        (refusals.NotReady("a"), 503, {}),
    ],
)
def test_a_refusal_becomes_its_answer(
    problem: refusals.Refusal, status: int, headers: dict[str, str]
) -> None:
    answer = ask(raising(problem))
    assert (answer.status, answer.error) == (status, "a")
    assert answer.headers == {
        "content-type": "application/json",
        "content-length": str(len(answer.body)),
        **headers,
    }


def test_a_fault_is_500_and_tells_nobody_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    async def application(_scope: Scope, receive: Receive, _send: Send) -> None:
        text = (await receive())["body"].decode()
        try:
            int(text)
        except ValueError as problem:
            raise KeyError(text) from problem

    answer = ask(Faults(application), f"/{PRIVATE}", body=[PRIVATE.encode()])
    assert (answer.status, answer.error) == (500, FAULT)
    assert "KeyError in " in caplog.text
    assert "after ValueError in test_faults.py:" in caplog.text
    assert PRIVATE not in caplog.text


def test_what_the_router_finds_has_the_same_form() -> None:
    async def only(request: Request) -> PlainTextResponse:
        if request.query_params.get("refused"):
            raise refusals.TooLarge("too large")
        return PlainTextResponse("found")

    async def nowhere(asked: Scope, _receive: Receive, _send: Send) -> None:
        raise refusals.NotFound(f"no {asked['type']}")

    router = Router([Route("/only", only, methods=["POST"])], default=nowhere)
    with (
        served(Faults(router), lifespan="off") as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        assert client.post("/only").text == "found"
        refused = client.post("/only?refused=1")
        assert (refused.status_code, refused.json()) == (413, {"error": "too large"})
        missing = client.get("/missing")
        assert (missing.status_code, missing.json()) == (404, {"error": "no http"})


def test_starlettes_own_exceptions_have_the_same_form() -> None:
    answer = ask(raising(HTTPException(405, headers={"allow": "POST"})))
    assert (answer.status, answer.error) == (405, "Method Not Allowed")
    assert answer.headers["allow"] == "POST"


def test_a_fault_within_an_answer_leaves_it_unfinished(caplog: pytest.LogCaptureFixture) -> None:
    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError(PRIVATE)

    with (
        served(Faults(application), lifespan="off") as port,
        pytest.raises(httpx.RemoteProtocolError, match="incomplete"),
    ):
        httpx.get(f"http://127.0.0.1:{port}/")
    assert "ValueError" in caplog.text
    assert PRIVATE not in caplog.text


def test_a_client_that_has_gone_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    answered = False

    async def application(asked: Scope, receive: Receive, send: Send) -> None:
        await Request(asked, receive, send).body()

    async def send(_message: object) -> None:
        nonlocal answered
        answered = True

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    asyncio.run(Faults(application)(scope(), receive, send))
    assert not answered
    assert "ClientDisconnect" not in caplog.text


def test_start_and_end_of_the_application_pass() -> None:
    reached = []

    async def application(asked: Scope, _receive: Receive, _send: Send) -> None:
        reached.append(asked["type"])
        raise ValueError

    async def receive() -> dict[str, str]:
        return {}

    async def send(_message: object) -> None:
        raise AssertionError("nothing answers this")

    with pytest.raises(ValueError, match=r"^$"):
        asyncio.run(Faults(application)({"type": "lifespan"}, receive, send))
    assert reached == ["lifespan"]
