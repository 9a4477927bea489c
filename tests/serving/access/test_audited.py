from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from assay.origins import Names
from assay.serving.access import store
from assay.serving.access.audit import Audit
from assay.serving.access.audited import OBSERVED, Audited
from assay.serving.access.authorization import Access
from assay.serving.access.bodies import Bodies, Bounds
from assay.serving.access.faults import Faults
from assay.serving.access.headers import SecurityHeaders
from assay.serving.access.origins import Origins
from assay.serving.access.rates import Rate
from assay.serving.access.store import TokenStore
from assay.serving.access.tokens import issue
from assay.serving.refusals import BadRequest
from tests.serving.access.asked import asking, scope
from tests.serving.access.served import connected, served

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

PRIVATE = "my-private-text"
OFTEN = Rate(per_minute=60_000, burst=1000)


@dataclass
class Infer:
    """What a route notes of a call, as the server's own class does."""

    model: str = ""
    version: str = ""
    rows: int = 0


async def infer(request: Request) -> PlainTextResponse:
    name = request.path_params["model"]
    request.scope["state"][OBSERVED] = Infer(name, "3", 2)
    body = await request.body()
    if body == b"fault":
        raise ValueError(PRIVATE)
    if body == b"bad":
        raise BadRequest(PRIVATE)
    return PlainTextResponse(PRIVATE)


ROUTER = Router([Route("/infer/{model}", infer, methods=["POST"]), Route("/v2/health/live", infer)])


def stack(folder: Path, **how: Any) -> SecurityHeaders:
    """Return the whole stack, in the order in which the server has it."""
    application = Bodies(ROUTER, Bounds(size=1000))
    access = Access(application, TokenStore(folder / "tokens.json"))
    faults = Faults(Origins(access, Names(None, ["http"])))
    return SecurityHeaders(Audited(faults, Audit(folder / "audit.jsonl"), **how))


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]


def add(folder: Path, name: str) -> dict[str, str]:
    kept, token = issue(name, scopes=("infer",), models=None, rate=OFTEN, expires=None)
    store.add(kept, folder / "tokens.json")
    return {"authorization": f"Bearer {token}"}


def test_each_call_is_recorded_and_no_text_or_token(tmp_path: Path) -> None:
    shown = add(tmp_path, "shop")
    with (
        served(stack(tmp_path), lifespan="on") as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=shown) as client,
    ):
        path = f"/infer/opinions?q={PRIVATE}"
        assert client.post(path, content=PRIVATE).text == PRIVATE
        assert client.post("/infer/opinions", content="bad").status_code == 400
        assert client.post("/infer/opinions", content="fault").status_code == 500
        assert client.post("/infer/opinions", content=bytes(1001)).status_code == 413
        assert client.get(f"/{PRIVATE}").status_code == 404
        unknown = {"authorization": f"Bearer {PRIVATE}"}
        assert client.post("/infer/opinions", headers=unknown).status_code == 401
        foreign = {"origin": f"https://{PRIVATE}.example"}
        assert client.post("/infer/opinions", headers=foreign).status_code == 403
    found = [
        (line["who"], line["route"], line["model"], line["version"], line["rows"], line["status"])
        for line in lines(tmp_path)
    ]
    asked = ("shop", "/infer/{model}", "opinions", "3", 2)
    assert found == [
        (*asked, 200),
        (*asked, 400),
        (*asked, 500),
        ("shop", "", "", "", 0, 413),
        ("shop", "", "", "", 0, 404),
        ("", "", "", "", 0, 401),
        ("", "", "", "", 0, 403),
    ]
    assert {line["address"] for line in lines(tmp_path)} == {"127.0.0.1"}
    written = (tmp_path / "audit.jsonl").read_text()
    assert PRIVATE not in written
    assert shown["authorization"].split("_", 2)[2] not in written


def test_probes_are_not_recorded(tmp_path: Path) -> None:
    shown = add(tmp_path, "shop")
    with (
        served(stack(tmp_path), lifespan="on") as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        for _ in range(3):
            assert client.get("/v2/health/live").status_code == 500  # no model in its path
        assert client.post("/v2/health/live", headers=shown).status_code == 405
    assert [line["status"] for line in lines(tmp_path)] == [405]


def test_a_flood_without_a_token_leaves_the_lines_of_others(tmp_path: Path) -> None:
    shown = add(tmp_path, "shop")
    few = Rate(per_minute=0.001, burst=2)
    application = stack(tmp_path, strangers=few)

    async def flooded() -> None:
        for number in range(20):
            path = scope("/infer/a", ("host", "a"), client=(f"10.0.0.{number}", 1))
            assert (await asking(application, path, [b""])).status == 401
        good = scope("/infer/a", ("host", "a"), *shown.items())
        assert (await asking(application, good, [b""])).status == 200

    audit = application._application._audit  # type: ignore[attr-defined]
    audit.start()
    asyncio.run(flooded())
    assert audit.unlisted == 18
    audit.close()
    assert [line.get("status") for line in lines(tmp_path)] == [None, 401, 401, 200]
    assert lines(tmp_path)[0]["unlisted"] == 18


def test_a_client_that_goes_before_its_answer_is_recorded(tmp_path: Path) -> None:
    shown = add(tmp_path, "shop")
    with served(stack(tmp_path), lifespan="on") as port:
        with connected(port) as client:
            head = f"POST /infer/a HTTP/1.1\r\nhost: a\r\nauthorization: {shown['authorization']}"
            client.sendall(head.encode() + b"\r\ncontent-length: 9\r\n\r\nhalf")
        assert httpx.get(f"http://127.0.0.1:{port}/infer/a").status_code == 401
    assert sorted(line["status"] for line in lines(tmp_path)) == [0, 401]


@pytest.mark.parametrize("end", ["lifespan.startup.failed", "lifespan.shutdown.complete"])
def test_what_waits_is_written_before_the_server_may_end(tmp_path: Path, end: str) -> None:
    audit = Audit(tmp_path / "audit.jsonl")
    told: list[str] = []

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        audit.leave_out()
        await send({"type": end})

    async def send(message: Any) -> None:
        assert "audit-0" not in {thread.name for thread in threading.enumerate()}
        told.append(message["type"])

    async def receive() -> Any:
        return {}

    asyncio.run(Audited(application, audit)({"type": "lifespan"}, receive, send))
    assert told == [end]
    assert [line["unlisted"] for line in lines(tmp_path)] == [1]
