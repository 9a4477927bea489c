from __future__ import annotations

from typing import TYPE_CHECKING

from assay.serving.access.faults import Faults
from assay.serving.access.headers import SecurityHeaders
from assay.serving.refusals import Forbidden
from tests.serving.access.asked import Reached, ask

if TYPE_CHECKING:
    from assay.asgi import Receive, Scope, Send


def test_every_answer_has_them() -> None:
    headers = ask(SecurityHeaders(Reached())).headers
    assert headers == {
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }


def test_a_refusal_has_them_too() -> None:
    async def application(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise Forbidden("no")

    answer = ask(SecurityHeaders(Faults(application)))
    assert answer.status == 403
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_what_a_route_says_itself_stands() -> None:
    async def page(_scope: Scope, _receive: Receive, send: Send) -> None:
        own = [(b"Content-Security-Policy", b"script-src 'self'"), (b"cache-control", b"max-age=9")]
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b""})

    headers = ask(SecurityHeaders(page)).headers
    assert headers["Content-Security-Policy"] == "script-src 'self'"
    assert "content-security-policy" not in headers
    assert headers["cache-control"] == "max-age=9"
    assert headers["referrer-policy"] == "no-referrer"
