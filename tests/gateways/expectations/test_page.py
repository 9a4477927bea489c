from __future__ import annotations

import re
import socket
from html.parser import HTMLParser
from importlib.metadata import version
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.excerpts import excerpt
from assay.gateways.expectations import check as check_table
from assay.gateways.expectations import data_docs, load
from assay.records import DataSummary
from tests.gateways.expectations.made import check

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<script>alert('1')</script> $column & \"quoted\" [bold]\n\x1b[31m<img src=x>"
SUMMARY = DataSummary.model_validate(
    {
        "rows": 4,
        "kept": 3,
        "dropped": 1,
        "kinds": {
            "blank": {
                "meaning": "no text",
                "rows": 1,
                "dropped": True,
                "examples": [excerpt(HOSTILE)],
            }
        },
        "classes": {"<b>": {"rows": 4, "kept": 3}},
        "figures": {"tokens": 12_345, "share of unknown tokens": 0.125},
    }
)


@pytest.fixture
def page(tmp_path: Path) -> str:
    checked = check(
        tmp_path,
        {"text": [HOSTILE, HOSTILE + "!", "fine", None], "label": ["<b>", "<b>", "<b>", "<b>"]},
        "type: expect_column_values_to_be_in_set, kwargs: {column: text, value_set: $labels}",
        "type: expect_column_values_to_match_regex, kwargs: {column: text, regex: '^<i>$column&'}",
        "type: expect_column_most_common_value_to_be_in_set, "
        "kwargs: {column: text, value_set: [x]}",
        "type: expect_column_distinct_values_to_contain_set, "
        "kwargs: {column: label, value_set: $labels}",
        "type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}",
        labels=["<b>", "<i>positive</i>"],
    )
    return data_docs(checked, "films <i>", SUMMARY)


class Read(HTMLParser):
    """What a browser makes of a page: its elements, their attributes, and the text to read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_value_on_the_page_is_escaped(page: str) -> None:
    read = Read(page)
    assert read.text.count(excerpt(HOSTILE)) > 4  # three cards, a kind of defect, and in a row
    assert "<i>positive</i>" in read.text
    assert "^<i>$column&" in read.text
    assert "films <i>" in read.text
    assert not read.tags & {"script", "img"}
    assert not re.search("[\x1b\ue000-\uf8ff]", page)


def test_a_dollar_in_a_name_is_shown_as_it_is(tmp_path: Path) -> None:
    """Great Expectations doubles it in a heading, and fills in what stands behind it elsewhere."""
    entry = "type: expect_column_values_to_not_be_null, kwargs: {column: price $column}"
    text = Read(data_docs(check(tmp_path, {"price $column": [1, None]}, entry), "m", SUMMARY)).text
    assert "price $column" in text
    assert "price $$" not in text


def test_quotes_and_private_characters_are_no_way_out(tmp_path: Path) -> None:
    entry = "type: expect_column_values_to_be_in_set, kwargs: {column: text, value_set: $labels}"
    labels = ["one\"two'three", "four\ue000five"]
    page = data_docs(check(tmp_path, {"text": ["x"]}, entry, labels=labels), "m", SUMMARY)
    assert "one&quot;two&#x27;three" in page
    assert "four\ufffdfive" in page


def test_long_lists_and_tables_fold_nothing_and_draw_nothing(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        {"text": [f"t{row}" for row in range(60)], "label": ["a", "b"] * 30},
        "type: expect_column_values_to_be_in_set, kwargs: {column: text, value_set: $labels}",
        "type: expect_column_distinct_values_to_be_in_set, "
        "kwargs: {column: label, value_set: $labels}",
        "type: expect_column_kl_divergence_to_be_less_than, kwargs: {column: label, "
        "partition_object: {values: [a, b], weights: [0.9, 0.1]}, threshold: 0.1}",
        labels=[f"l{place}" for place in range(60)],
    )
    page = data_docs(checked, "m", SUMMARY)
    assert "l59" in page
    assert not re.search("=.?collapse|vega|<script", page)


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    read = Read(page)
    assert not read.tags & {"script", "link", "iframe", "img", "object", "embed", "a", "form"}
    assert not read.attributes & {"src", "href", "srcset", "action", "background"}
    assert not re.search(r"https?:|@import|url\(", page)
    assert "default-src 'none'" in page
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">\n<head>')
    assert not re.search(r"[ \t]$|\n\n", page, re.MULTILINE)


def test_the_page_is_great_expectations_own_with_the_summary_above(page: str) -> None:
    assert "Must have greater than or equal to" in page
    assert "unexpected values found" in page
    assert page.count("A reason.") == 4 + 5  # on the cards of what is broken, and in its rows
    assert "An unexpected Exception occurred" not in page
    for shown in ("12,345", "12.5%", "dropped, 25.0%", "A step.", "4 of 5 expectations are broken"):
        assert shown in page, shown


def test_each_row_says_how_it_came_out_what_was_seen_and_why(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        {"label": ["x", "x", "y", "y"], "text": ["a", "b", "b", None]},
        "type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}",
        "type: expect_column_most_common_value_to_be_in_set, "
        "kwargs: {column: label, value_set: [x]}",
        "type: expect_column_values_to_be_in_set, kwargs: {column: text, value_set: [b]}",
    )
    page = data_docs(checked, "m", SUMMARY)
    assert re.findall(r'<i class="fas (fa-[a-z-]+)', page) == [
        "fa-check-circle",
        "fa-times",
        "fa-times",
    ]
    assert re.findall(r'-3" ><div class="show-scrollbars">(.*?)</div>', page) == [
        "4",
        "x, y",
        "≈33.333% unexpected",
    ]
    assert "1 unexpected values found. ≈33.33% of 4 total rows." in page
    assert page.count('<div class="why" >\n                    A reason.') == 3
    assert f"Rendered by Great Expectations {version('great-expectations')}." in page


def test_a_table_without_rows_has_shares_of_nothing(tmp_path: Path) -> None:
    entry = "type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}"
    empty = SUMMARY.model_copy(update={"rows": 0, "kept": 0, "dropped": 0})
    one = SUMMARY.model_copy(update={"rows": 1, "kept": 0, "dropped": 1})
    checked = check(tmp_path, {"text": []}, entry)
    assert "dropped, 0.0%" in data_docs(checked, "m", empty)
    assert "dropped, 100.0%" in data_docs(checked, "m", one)


def test_code_in_a_sentence_is_set_as_code(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(
        "- type: expect_column_to_exist\n  kwargs: {column: text}\n"
        "  because: Set `a<b` right.\n  next: Do it.\n"
    )
    checked = check_table(pd.DataFrame({"x": [1]}), load(path, {}))
    page = data_docs(checked, "m", SUMMARY)
    assert page.count("Set <code>a&lt;b</code> right.") == 2


def test_nothing_is_sent_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    checked = check(tmp_path, {"a": [1]}, "type: expect_column_to_exist, kwargs: {column: a}")
    assert "All 1 expectations hold" in data_docs(checked, "m", SUMMARY)
