from __future__ import annotations

import json
from typing import TYPE_CHECKING

from assay.applications.customer_service.hosting import open_service
from assay.paths import ModelPaths
from tests.applications.customer_service.small import lay_out
from tests.applications.customer_service.talking import RETURN, client, say
from tests.made import MODEL

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from starlette.testclient import TestClient


def test_an_agents_correction_becomes_a_row(agent: TestClient, company: Path) -> None:
    turn = say(agent, "my order, says ann@example.org, is late")
    given = {"session": turn["session"], "turn": 0, "role": "agent"}
    answer = agent.post("/service/feedback", json=given | {"verdict": "down", "label": "negative"})
    assert answer.json() == {"recorded": True, "label": "negative"}
    (file,) = (company / ModelPaths(MODEL).inbox).glob("service-*.jsonl")
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


def test_an_agent_confirms_an_intent(agent: TestClient, company: Path) -> None:
    turn = say(agent, RETURN)
    given = {"session": turn["session"], "turn": 0, "role": "agent", "verdict": "up"}
    label = turn["understanding"]["intent"]
    assert agent.post("/service/feedback", json=given).json()["label"] == label
    (file,) = (company / ModelPaths(MODEL).inbox).glob("service-*.jsonl")
    last = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])
    assert last == {"text": RETURN, "label": label}


def test_a_customers_thumb_teaches_nothing(customer: TestClient, company: Path) -> None:
    inbox = company / ModelPaths(MODEL).inbox
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
