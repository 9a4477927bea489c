from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.testclient import TestClient


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
