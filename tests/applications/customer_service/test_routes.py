from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from assay.applications.customer_service import pages
from assay.applications.customer_service.application import application
from assay.serving.access import exposure, store, tokens
from assay.serving.access.audit import Audit
from assay.serving.access.guarded import Guard
from assay.serving.access.rates import Rate
from tests.applications.customer_service.small import COMPANY, RETURNS
from tests.applications.customer_service.talking import RETURN, say
from tests.made import LABELS, MODEL

if TYPE_CHECKING:
    from pathlib import Path

    from assay.applications.customer_service.hosting import Hosted
    from assay.serving.access.tokens import Scope


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
