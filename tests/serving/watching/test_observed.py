"""Each request is told of once, with what its route knew, however it ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from assay.serving.access.callers import KEY as CALLER
from assay.serving.access.callers import Caller
from assay.serving.watching.observed import CLIENT_GONE, Observed, Watching, observed_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from assay.asgi import Message


async def infer(request: Request) -> PlainTextResponse:
    found = observed_of(request.scope)
    found.model, found.version, found.rows, found.inference = "reviews", "3", 2, True
    request.scope["state"][CALLER] = Caller("shop", ("infer",))
    return PlainTextResponse("fine", 201)


async def fail(_request: Request) -> PlainTextResponse:
    raise RuntimeError("a fault")


async def break_off(_request: Request) -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "one"
        raise RuntimeError("a fault")

    return StreamingResponse(parts())


async def wait(request: Request) -> PlainTextResponse:
    assert (await request.receive())["type"] == "http.disconnect"
    return PlainTextResponse("nobody reads this")


ROUTES = Starlette(
    routes=[
        Route("/infer/{text}", infer, methods=["POST"]),
        Route("/fail", fail),
        Route("/break", break_off),
        Route("/wait", wait),
    ]
)


def ask(path: str, method: str = "GET", **more: Any) -> Observed:
    """Return what was told of one request."""
    told: list[Observed] = []

    async def call() -> None:
        transport = httpx.ASGITransport(Watching(ROUTES, [told.append]), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            await client.request(method, path, **more)

    asyncio.run(call())
    (only,) = told
    return only


def disconnected(path: str) -> Observed:
    """Return what was told of a request whose client goes away before the answer."""
    told: list[Observed] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise OSError("the connection is closed")

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    call = Watching(ROUTES, [told.append])(scope, receive, send)
    with pytest.raises(OSError, match="closed"):
        asyncio.run(call)
    (only,) = told
    return only


def test_what_a_route_knows_is_told_when_its_answer_was_sent() -> None:
    found = ask("/infer/a%20text?key=secret", "POST", content=b"a body")
    assert (found.method, found.path, found.status) == ("POST", "/infer/a%20text", 201)
    assert (found.model, found.version, found.rows, found.inference) == ("reviews", "3", 2, True)
    assert found.client == "shop"
    assert found.succeeded
    assert found.seconds > 0


def test_no_query_and_no_endless_path_is_kept() -> None:
    found = ask(f"/{'a' * 5000}?token=secret")
    assert "secret" not in found.path
    assert len(found.path) == 200
    assert found.status == 404
    assert not found.succeeded


@pytest.mark.parametrize("path", ["/fail", "/break"])
def test_a_fault_is_a_failure_also_within_an_answer(path: str) -> None:
    found = ask(path)
    assert (found.status, found.gone, found.succeeded) == (500, False, False)


def test_a_client_that_goes_away_is_told_of() -> None:
    found = disconnected("/wait")
    assert found.gone
    assert not found.succeeded


def test_a_request_that_is_cancelled_counts_as_gone() -> None:
    told: list[Observed] = []

    async def forever(*_: object) -> None:
        await asyncio.Event().wait()

    async def call() -> None:
        scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "headers": []}
        task = asyncio.create_task(Watching(forever, [told.append])(scope, forever, forever))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(call())
    assert [(one.status, one.gone) for one in told] == [(CLIENT_GONE, True)]


def test_who_fails_to_listen_hinders_nobody_and_is_named_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[Observed] = []

    def full(_found: Observed) -> None:
        raise OSError("a text of somebody")

    async def call() -> None:
        transport = httpx.ASGITransport(Watching(ROUTES, [full, told.append]))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            for _ in range(3):
                assert (await client.post("/infer/x")).status_code == 201

    asyncio.run(call())
    assert len(told) == 3
    assert capsys.readouterr().err.count("OSError") == 1


def test_without_the_middleware_a_route_may_note_what_it_knows() -> None:
    observed_of({"type": "http"}).rows = 3
