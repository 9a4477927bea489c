from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from assay.serving.protocol.docs_page import headers, page
from assay.serving.protocol.openapi import document
from assay.serving.protocol.operations import OPERATIONS


class Read(HTMLParser):
    """Collects tags, attributes and ids of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(page().decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def values(self, name: str) -> list[str]:
        return [value for own, value in self.attributes if own == name]


def test_every_route_and_record_is_shown_once() -> None:
    ids = Read().values("id")
    assert sorted(ids) == sorted(
        [*(one.name for one in OPERATIONS), *document()["components"]["schemas"]]
    )


def test_every_link_leads_to_the_page_itself_or_the_document() -> None:
    read = Read()
    targets = {f"#{one}" for one in read.values("id")} | {"/openapi.json"}
    assert set(read.values("href")) <= targets


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    read = Read()
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on") or name == "style"]
    assert read.values("src") == []


def test_the_policy_allows_the_style_of_the_page_alone() -> None:
    policy = headers()["content-security-policy"]
    (style,) = re.findall("<style>(.*?)</style>", page().decode(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy
