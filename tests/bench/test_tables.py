from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import MissingFile, UsageError
from bench import tables
from bench.__main__ import BENCHMARKS, PAGE
from tests.bench.made import WORDS
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_table_is_written_between_its_markers_and_nothing_else_changes(page: Path) -> None:
    tables.write(page, "one", "| new |\n")
    assert page.read_text(encoding="utf-8") == WORDS.replace("\nold\n", "\n| new |\n")


def test_writing_a_table_twice_leaves_the_same_page(page: Path) -> None:
    tables.write(page, "two", "| 1 |")
    once = page.read_bytes()
    tables.write(page, "two", "| 1 |")
    assert page.read_bytes() == once


@pytest.mark.parametrize(
    "text",
    [
        "no marker",
        "<!-- bench:one -->\n",
        "<!-- /bench:one -->\n<!-- bench:one -->\n",
        WORDS + WORDS,
    ],
)
def test_a_page_without_a_place_for_the_table_is_refused_untouched(page: Path, text: str) -> None:
    page.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="one"):
        tables.require_markers(page, ["one"])
    with pytest.raises(UsageError, match="one"):
        tables.write(page, "one", "| new |")
    assert page.read_text(encoding="utf-8") == text


def test_a_missing_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        tables.require_markers(tmp_path / "benchmarks.md", ["one"])


def test_the_repository_has_a_place_for_every_table() -> None:
    tables.require_markers(ROOT / PAGE, BENCHMARKS)


def test_a_markdown_table_has_a_rule_and_as_many_cells_a_row() -> None:
    table = tables.markdown(["what", "s"], [["a", "1"], ["b", "2"]])
    assert table == "| what | s |\n| --- | ---: |\n| a | 1 |\n| b | 2 |"
