from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from assay.applications.customer_service import asked, pages
from assay.applications.customer_service.application import application
from assay.applications.customer_service.hosting import Hosted, open_service
from assay.applications.customer_service.routes import routes
from assay.paths import ModelPaths
from assay.serving.access import exposure, store, tokens
from assay.serving.access.audit import Audit
from assay.serving.access.guarded import Guard
from assay.serving.access.rates import Rate
from tests.applications.customer_service.small import COMPANY, RETURNS, lay_out, with_model
from tests.made import LABELS, MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from starlette.routing import BaseRoute

    from assay.serving.access.tokens import Scope

RETURN = "How do I return an item?"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path) -> Path:
    folder = tmp_path_factory.mktemp("project")
    with_model(folder, checkpoint)
    return folder


@pytest.fixture
def hosted(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosted]:
    monkeypatch.chdir(project)
    opened = open_service(project / "service.yaml", threads=1)
    yield opened
    opened.close()


@pytest.fixture
def agent(hosted: Hosted) -> TestClient:
    return client(hosted.routes())


@pytest.fixture
def customer(hosted: Hosted) -> TestClient:
    return client(hosted.routes(is_agent=lambda _: False))


def client(routes: Sequence[BaseRoute]) -> TestClient:
    """Return what asks a service on this machine's loopback, where all are agents."""
    app = application(routes, Guard(exposure.names("127.0.0.1", 80), Audit()))
    return TestClient(app, base_url="http://localhost")


def say(client: TestClient, text: str, session: str | None = None) -> dict[str, Any]:
    answer = client.post("/service/turn", json={"session": session, "text": text})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_turn_answers_with_its_source(agent: TestClient) -> None:
    turn = say(agent, RETURN)
    assert turn["kind"] == "answer"
    assert turn["reply"] == RETURNS
    (quote,) = turn["quotes"]
    assert quote["question"] == RETURN
    assert quote["answer"][quote["start"] : quote["end"]] == quote["text"]
    assert turn["understanding"]["text_masked"] == RETURN
    assert turn["versions"] == {MODEL: "workspace"}


def test_a_conversation_goes_on_where_it_was(agent: TestClient) -> None:
    first = say(agent, "when do I get my")
    assert first["kind"] == "clarify"
    second = say(agent, "the second one", first["session"])
    assert second["quotes"][0]["question"] == first["options"][1]
    assert (second["session"], second["turn"]) == (first["session"], 1)


def test_a_customer_is_not_shown_what_agents_see(customer: TestClient) -> None:
    turn = say(customer, "I want to talk to a person, ann@example.org")
    assert turn["hand_over"] == {"reason": "asked_for_a_person"}
    assert turn["text"] == "I want to talk to a person, [e-mail]"
    text = json.dumps([turn, customer.get(f"/service/sessions/{turn['session']}").json()])
    for inner in ("understanding", "intent", "mood", "versions", "note"):
        assert f'"{inner}' not in text
    about = customer.get("/service/about").json()
    assert (about["agent"], about["labels"]) == (False, [])


def test_what_the_service_says_of_itself(agent: TestClient) -> None:
    about = agent.get("/service/about").json()
    assert about["company"] == COMPANY
    assert about["languages"] == ["en", "zh"]
    assert about["models"] == [{"role": "intent", "model": MODEL, "version": "workspace"}]
    assert about["labels"] == sorted(LABELS)
    assert about["examples"]["zh"] == ["怎样退货？", "我的订单在哪里？"]


def test_a_stream_tells_what_was_understood_before_the_reply(agent: TestClient) -> None:
    given = {"session": None, "text": RETURN}
    answer = agent.post("/service/turn", json=given, headers={"accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [part.split("\n") for part in answer.text.strip().split("\n\n")]
    assert [name for name, _ in events] == ["event: understanding", "event: turn"]
    heard, turn = (json.loads(data.removeprefix("data: ")) for _, data in events)
    assert heard["intent"] == turn["understanding"]["intent"]
    assert turn["reply"] == RETURNS


def test_a_conversation_is_kept_exported_and_deleted(agent: TestClient) -> None:
    turn = say(agent, f"{RETURN} <b>")
    place = f"/service/sessions/{turn['session']}"
    say(agent, "人工", turn["session"])
    kept = agent.get(place).json()
    assert [one["text"] for one in kept["turns"]] == [f"{RETURN} <b>", "人工"]
    text = agent.get(place, params={"format": "text"})
    assert text.headers["content-type"].startswith("text/plain")
    assert text.headers["content-disposition"].startswith("attachment")
    assert f"> {RETURN} <b>" in text.text
    assert "asked_for_a_person" in text.text
    assert agent.get(place, headers={"accept": "text/plain"}).text == text.text
    assert agent.delete(place).status_code == 204
    assert agent.get(place).status_code == 404
    assert agent.delete(place).status_code == 404


def test_an_agents_correction_becomes_a_row(agent: TestClient, project: Path) -> None:
    turn = say(agent, "my order, says ann@example.org, is late")
    given = {"session": turn["session"], "turn": 0, "role": "agent"}
    answer = agent.post("/service/feedback", json=given | {"verdict": "down", "label": "negative"})
    assert answer.json() == {"recorded": True, "label": "negative"}
    (file,) = (project / ModelPaths(MODEL).inbox).glob("service-*.jsonl")
    assert json.loads(file.read_text(encoding="utf-8").splitlines()[-1]) == {
        "text": "my order, says [e-mail], is late",
        "label": "negative",
    }
    before = file.read_bytes()
    again = agent.post("/service/feedback", json=given | {"verdict": "up"})
    assert again.status_code == 409
    assert file.read_bytes() == before
    kept = agent.get(f"/service/sessions/{turn['session']}").json()["turns"][0]
    assert (kept["judged"], kept["label"]) == ("down", "negative")


def test_an_agent_confirms_an_intent(agent: TestClient, project: Path) -> None:
    turn = say(agent, RETURN)
    given = {"session": turn["session"], "turn": 0, "role": "agent", "verdict": "up"}
    label = turn["understanding"]["intent"]
    assert agent.post("/service/feedback", json=given).json()["label"] == label
    (file,) = (project / ModelPaths(MODEL).inbox).glob("service-*.jsonl")
    last = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
    assert last == {"text": RETURN, "label": label}


def test_a_customers_thumb_teaches_nothing(customer: TestClient, project: Path) -> None:
    inbox = project / ModelPaths(MODEL).inbox
    before = {file.name: file.read_bytes() for file in inbox.iterdir()}
    turn = say(customer, RETURN)
    given = {"session": turn["session"], "turn": 0, "verdict": "up"}
    assert customer.post("/service/feedback", json=given).json()["label"] is None
    kept = customer.get(f"/service/sessions/{turn['session']}").json()["turns"][0]
    assert kept["verdict"] == "up"
    for more in ({"role": "agent"}, {"role": "agent", "verdict": "down", "label": "neutral"}):
        assert customer.post("/service/feedback", json=given | more).status_code == 403
    named = customer.post("/service/feedback", json=given | {"label": "neutral"})
    assert named.status_code == 400
    assert {file.name: file.read_bytes() for file in inbox.iterdir()} == before


def test_a_label_that_is_none_is_refused_and_may_be_given_anew(agent: TestClient) -> None:
    turn = say(agent, RETURN)
    given = {"session": turn["session"], "turn": 0, "role": "agent", "verdict": "down"}
    wrong = agent.post("/service/feedback", json=given | {"label": "../../etc"})
    assert wrong.status_code == 400
    assert "no such label" in wrong.json()["error"]
    both = agent.post("/service/feedback", json=given | {"label": "neutral", "verdict": "up"})
    assert both.status_code == 400
    assert agent.post("/service/feedback", json=given | {"label": "neutral"}).status_code == 200


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


def test_every_answer_forbids_what_it_does_not_need(agent: TestClient) -> None:
    page = agent.get("/service/")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    for answer in (page, agent.get("/service/about"), agent.get("/service/sessions/nobody")):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert agent.get("/service/about").headers["cache-control"] == "no-store"
    tag = {"if-none-match": page.headers["etag"]}
    assert agent.get("/service/", headers=tag).status_code == 304


def test_the_page_asks_nobody_else_for_anything(agent: TestClient) -> None:
    names = ("base.css", "talk.css", "notes.css", "main.js", "turns.js", "notes.js", "words.js")
    page = agent.get("/service/").text
    assert "<script>" not in page
    assert "style=" not in page
    for text in (page, *(agent.get(f"/service/static/{name}").text for name in names)):
        assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "innerHTML" not in text


def test_past_a_bounded_queue_messages_are_refused(hosted: Hosted) -> None:
    """The engine holds its one worker until both other messages were answered."""
    held, entered = threading.Event(), threading.Event()
    plain = hosted.dialogue.reader.read

    def slow(*given: Any) -> Any:
        entered.set()
        held.wait(30)
        return plain(*given)

    hosted.dialogue.reader.read = slow  # type: ignore[method-assign,assignment]
    parts = (hosted.dialogue, hosted.sessions, hosted.about)
    asking = client(routes(*parts, workers=1, waiting=0))
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


@pytest.mark.parametrize(("scopes", "agent"), [(("infer",), False), (("admin", "infer"), True)])
def test_a_token_of_an_admin_makes_an_agent(
    hosted: Hosted, tmp_path: Path, scopes: tuple[Scope, ...], agent: bool
) -> None:
    rate = Rate(per_minute=600, burst=100)
    token, shown = tokens.issue("ann", scopes=scopes, models=None, rate=rate, expires=None)
    store.add(token, tmp_path / "tokens.json")
    guard = Guard(
        exposure.names("127.0.0.1", 80),
        Audit(tmp_path / "audit.jsonl"),
        store.TokenStore(tmp_path / "tokens.json"),
    )
    app = application(hosted.routes(), guard)
    asking = TestClient(app, base_url="http://localhost")
    for path in ("/service/", *pages.paths()[2:]):
        assert asking.get(path).status_code == 200
    assert asking.get("/service/about").status_code == 401
    headers = {"authorization": f"Bearer {shown}"}
    assert asking.get("/service/about", headers=headers).json()["agent"] is agent
    given = {"session": None, "text": RETURN}
    assert asking.post("/service/turn", json=given).status_code == 401
    turn = asking.post("/service/turn", json=given, headers=headers).json()
    assert ("understanding" in turn) is agent


def test_without_an_intent_model_nothing_is_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    opened = open_service(lay_out(tmp_path), threads=1)
    asking = client(opened.routes())
    assert asking.get("/service/about").json()["labels"] == []
    turn = say(asking, RETURN)
    given = {"session": turn["session"], "turn": 0, "role": "agent", "verdict": "up"}
    assert asking.post("/service/feedback", json=given).json()["label"] is None
    assert not (tmp_path / "data").exists()
    opened.close()
