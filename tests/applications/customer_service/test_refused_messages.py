from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from assay.applications.customer_service import asked
from assay.applications.customer_service.routes import routes
from tests.applications.customer_service.talking import RETURN, client, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from assay.applications.customer_service.hosting import Hosted

BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "deep": b"[" * 30_000,
    "a number": b'{"session": null, "text": 7}',
    "no text": b'{"session": null}',
    "more": b'{"session": null, "text": "a", "agent": true}',
    "blank": b'{"session": null, "text": " \\n\\u0000 "}',
    "half a letter": b'{"session": null, "text": "\\ud83d"}',
    "no UTF-8": b'{"session": null, "text": "\xff"}',
    "a path": b'{"session": "../../etc/passwd", "text": "a"}',
    "NaN": b'{"session": NaN, "text": "a"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_no_message_is_refused_in_a_sentence(agent: TestClient, body: bytes) -> None:
    answer = agent.post("/service/turn", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json().keys() == {"error"}


def test_other_types_are_refused_which_a_foreign_page_could_send(agent: TestClient) -> None:
    body = b'{"session": null, "text": "a"}'
    for media in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = agent.post("/service/turn", content=body, headers={"content-type": media})
        assert answer.status_code == 400
        assert "application/json" in answer.json()["error"]


def test_large_bodies_and_long_texts_are_refused(agent: TestClient) -> None:
    long = agent.post("/service/turn", json={"session": None, "text": "a" * (asked.LONGEST + 1)})
    assert long.status_code == 413
    large = agent.post("/service/turn", json={"session": None, "text": "a" * asked.BODY})
    assert large.status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    headers = {"content-type": "application/json"}
    assert agent.post("/service/turn", content=pieces(), headers=headers).status_code == 413


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/service/sessions/nobody"),
        ("DELETE", "/service/sessions/nobody"),
        ("GET", "/service/static/routes.py"),
        ("GET", "/service/static/..%2Froutes.py"),
    ],
)
def test_what_is_not_there_is_a_404(agent: TestClient, verb: str, path: str) -> None:
    answer = agent.request(verb, path)
    assert answer.status_code == 404


def test_an_unknown_session_or_turn_is_a_404(agent: TestClient) -> None:
    unknown = {"session": "nobody", "text": RETURN}
    assert agent.post("/service/turn", json=unknown).status_code == 404
    turn = say(agent, RETURN)
    given = {"session": turn["session"], "turn": 7, "verdict": "up"}
    assert agent.post("/service/feedback", json=given).status_code == 404
    wrong = agent.get(f"/service/sessions/{turn['session']}", params={"format": "pdf"})
    assert wrong.status_code == 400


def test_past_a_bounded_queue_messages_are_refused(hosted: Hosted) -> None:
    """The engine holds its one worker until both other messages were answered."""
    held, entered = threading.Event(), threading.Event()
    reader = hosted.now.dialogue.reader
    plain = reader.read

    def slow(*given: Any) -> Any:
        entered.set()
        held.wait(30)
        return plain(*given)

    reader.read = slow  # type: ignore[method-assign,assignment]
    asking = client(routes(lambda: hosted.now, hosted.sessions, workers=1, waiting=0))
    with asking:
        found: list[int] = []
        first = threading.Thread(
            target=lambda: found.append(
                asking.post("/service/turn", json={"session": None, "text": RETURN}).status_code
            )
        )
        first.start()
        assert entered.wait(30)
        for accept in ("application/json", "text/event-stream"):
            refused = asking.post(
                "/service/turn", json={"session": None, "text": RETURN}, headers={"accept": accept}
            )
            assert refused.status_code == 429
            assert refused.headers["retry-after"] == "1"
        held.set()
        first.join()
        assert found == [200]
