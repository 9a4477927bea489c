"""What the documentation names is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NAMED = re.compile(r"(test_\w+\.py)::(test_\w+)")
DEFINED = re.compile(r"^ *def (test_\w+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])


def test_every_test_that_a_page_names_is_in_its_file() -> None:
    found = {
        (file.name, name)
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in DEFINED.findall(file.read_text(encoding="utf-8"))
    }
    named = {pair for page in PAGES for pair in NAMED.findall(page.read_text(encoding="utf-8"))}
    assert len(named) > 50
    assert named - found == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_to_files(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
