from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from assay.serving.refusals import BadRequest
from assay.serving.routed import Routed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response


async def _greet(request: Request) -> Response:
    return PlainTextResponse(request.app.state.word)


async def _refuse(_: Request) -> Response:
    raise BadRequest("no")


def test_routes_share_a_state_and_run_inside_their_life() -> None:
    told: list[str] = []

    @asynccontextmanager
    async def life(_: object) -> AsyncIterator[None]:
        told.append("begins")
        yield
        told.append("ends")

    with TestClient(Routed([Route("/", _greet)], life, word="hello")) as client:
        assert client.get("/").text == "hello"
        assert told == ["begins"]
    assert told == ["begins", "ends"]


def test_what_a_route_refuses_and_what_is_no_route_is_raised() -> None:
    client = TestClient(Routed([Route("/", _refuse)]))
    with pytest.raises(BadRequest):
        client.get("/")
    with pytest.raises(HTTPException):
        client.get("/elsewhere")
