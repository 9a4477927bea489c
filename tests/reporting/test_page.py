from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from assay.reporting import page
from assay.reporting.section import Section

if TYPE_CHECKING:
    from pathlib import Path


def draw(path: Path) -> None:
    path.touch()


def test_the_page_is_a_name_a_lead_and_its_sections_in_their_order() -> None:
    sections = [Section("one", "One", "First words."), Section("two", "Two", "Other words.")]
    shown = page.render("toy", "It is good.", sections)
    assert shown == ("# toy\n\nIt is good.\n\n## One\n\nFirst words.\n\n## Two\n\nOther words.\n")
    assert page.render("toy", "It is good.", sections) == shown
    assert page.render("toy", "It is good.", []) == "# toy\n\nIt is good.\n"


def test_a_table_stands_below_the_words_and_a_picture_below_the_table() -> None:
    table = pd.DataFrame({"the_kind": ["<b>", "x|y"], "rows": [1200, 7], "accuracy": [0.5, 1 / 3]})
    shown = page.render("toy", "Lead.", [Section("kinds", "Kinds", "Some words.", table, draw)])
    assert shown.endswith(
        "## Kinds\n\nSome words.\n\n"
        "| the kind | rows | accuracy |\n| --- | ---: | ---: |\n"
        "| &#60;b&#62; | 1,200 | 0.500 |\n| x&#124;y | 7 | 0.333 |\n\n"
        "![Kinds](pictures/kinds.png)\n"
    )


def test_a_picture_alone_is_shown_from_its_file() -> None:
    shown = page.render("toy", "Lead.", [Section("looks", "How it looks", "Words.", draw=draw)])
    assert "Words.\n\n![How it looks](pictures/looks.png)" in shown


def test_a_name_is_shown_and_obeyed_by_nothing() -> None:
    shown = page.render("<b>|x", "Lead.", [])
    assert not re.search(r"[<>|]", shown)
