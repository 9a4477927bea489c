from __future__ import annotations

import re
import socket
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from assay.errors import SettingsError
from assay.gateways import expectations
from assay.gateways.expectations import Outcome, Suite, excerpt
from assay.settings.text import TextValidate

SUITES = Path(__file__).parents[2] / "expectations"
HOSTILE = "<script>alert('1')</script> $column & \"quoted\" [bold]\n\x1b[31m<img src=x>"
SUMMARY: dict[str, Any] = {
    "rows": 4,
    "kept": 3,
    "dropped": 1,
    "kinds": {
        "blank": {"meaning": "no text", "rows": 1, "dropped": True, "examples": [excerpt(HOSTILE)]}
    },
    "classes": {"<b>": {"rows": 4, "kept": 3}},
    "figures": {"tokens": 12_345, "share of unknown tokens": 0.125},
}


def suite(tmp_path: Path, *entries: str, **values: Any) -> Suite:
    """Write a suite of `type, kwargs` entries and load it."""
    path = tmp_path / "suite.yaml"
    path.write_text(
        "\n".join(f"- {{{entry}, because: A reason., next: A step.}}" for entry in entries)
    )
    return expectations.load(path, values)


def check(tmp_path: Path, table: dict[str, Any], *entries: str, **values: Any) -> Outcome:
    return expectations.check(pd.DataFrame(table), suite(tmp_path, *entries, **values))


def refusal(tmp_path: Path, content: str) -> SettingsError:
    path = tmp_path / "suite.yaml"
    path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        expectations.load(path, {"labels": ["a"], "min_rows": 3})
    return caught.value


# --- the suite's file ---


def test_a_name_is_replaced_wherever_it_stands(tmp_path: Path) -> None:
    loaded = suite(
        tmp_path,
        "type: expect_column_quantile_values_to_be_between, kwargs: {column: n, "
        "quantile_ranges: {quantiles: [0.5], value_ranges: [[1, $top]]}}",
        "type: expect_column_values_to_be_in_set, kwargs: {column: label, value_set: $labels}",
        "type: expect_column_values_to_be_in_set, kwargs: {column: label, value_set: [$$top]}",
        top=7,
        labels=["a", "b"],
    )
    quantile, by_name, literal = (one.kwargs for one in loaded.expectations)
    assert quantile["quantile_ranges"]["value_ranges"] == [[1, 7]]
    assert by_name["value_set"] == ["a", "b"]
    assert literal["value_set"] == ["$top"]


@pytest.mark.parametrize(
    ("entry", "found", "cure"),
    [
        (
            "type: expect_table_row_count_to_be_betwen, kwargs: {}",
            "unknown expectation `expect_table_row_count_to_be_betwen`",
            "`expect_table_row_count_to_be_between`",
        ),
        ("type: unexpected_rows_expectation", "unknown expectation", "expect_"),
        (
            "type: expect_table_row_count_to_be_between, kwargs: {min_valeu: 3}",
            "takes no argument `min_valeu`",
            "`min_value`",
        ),
        (
            "type: expect_table_row_count_to_be_between, kwargs: {meta: {}}",
            "takes no argument `meta`",
            "",
        ),
        (
            "type: expect_table_row_count_to_be_between, kwargs: {min_value: $min_row}",
            "unknown name `$min_row`",
            "`$min_rows`",
        ),
        (
            "type: expect_column_mean_to_be_between, kwargs: {column: x, max_value: much}",
            "`max_value` of expect_column_mean_to_be_between is much",
            "correct `max_value`",
        ),
        (
            "type: expect_column_mean_to_be_between, kwargs: {max_value: 1}",
            "`column` of expect_column_mean_to_be_between is not given",
            "correct `column`",
        ),
        ("type: expect_column_to_exist, kwargs: [text]", "`kwargs` is ['text']", "{column: text}"),
        ("type: expect_column_to_exist, kwarg: {column: x}", "unknown key `kwarg`", "`kwargs`"),
    ],
)
def test_a_slip_in_the_suite_is_named_with_the_nearest_valid_word(
    tmp_path: Path, entry: str, found: str, cure: str
) -> None:
    problem = refusal(tmp_path, f"- {{{entry}, because: A., next: B.}}")
    assert "entry 1" in problem.found
    assert found in problem.found
    assert cure in problem.cure


@pytest.mark.parametrize("content", ["", "[]", "type: x", "text"])
def test_a_suite_that_expects_nothing_is_refused(tmp_path: Path, content: str) -> None:
    assert "no list of expectations" in refusal(tmp_path, content).found


@pytest.mark.parametrize(
    ("entry", "missing"),
    [
        ("- text", "`type` and no `because` and no `next`"),
        ("- {type: expect_column_to_exist, because: '', next: B.}", "no `because`"),
        ("- {type: expect_column_to_exist, because: A.}", "no `next`"),
    ],
)
def test_every_entry_says_why_and_what_next(tmp_path: Path, entry: str, missing: str) -> None:
    assert missing in refusal(tmp_path, entry).found


def test_a_broken_line_of_yaml_is_named(tmp_path: Path) -> None:
    assert "line 2" in refusal(tmp_path, "- type: x\n  kwargs: {column: [}").found


def test_a_missing_suite_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no .*absent\.yaml"):
        expectations.load(tmp_path / "absent.yaml", {})


@pytest.mark.parametrize("key", ["kwargs: {column: labl}", "kwargs: {column: label}, show: labl"])
def test_a_misspelt_column_is_a_fault_of_the_suite(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check(tmp_path, {"label": ["a"]}, f"type: expect_column_values_to_not_be_null, {key}")
    assert caught.value.found.endswith("entry 1: the data has no column `labl`")
    assert "`label`" in caught.value.cure


# --- checking ---


def test_an_excerpt_is_one_short_line_that_moves_no_cursor() -> None:
    assert excerpt("one\n two\tthree\r\n") == "one↵ two→three"
    assert excerpt("\x1b[31mred\u202ereversed\ue000") == "\\x1b[31mred\\u202ereversed\\ue000"
    assert excerpt("x" * 81) == "x" * 79 + "…"
    assert excerpt("x" * 80) == "x" * 80
    assert [excerpt(one) for one in ("", " \n", None, float("nan"), 3, b"b")] == [
        "(empty)",
        "(only space)",
        "(nothing)",
        "(nothing)",
        "3",
        "b'b'",
    ]


def test_all_breaking_rows_are_counted_and_five_distinct_ones_shown(tmp_path: Path) -> None:
    labels = [f"wrong {n % 300} " + "x" * 90 for n in range(600)] + ["right"]
    (finding,) = check(
        tmp_path,
        {"label": labels},
        "type: expect_column_values_to_be_in_set, kwargs: {column: label, value_set: [right]}",
    ).findings
    assert not finding.success
    assert finding.rows == 600
    assert [one.value[:8] for one in finding.examples] == [f"wrong {n} " for n in range(5)]
    assert {(len(one.value), one.rows) for one in finding.examples} == {(80, 2)}


def test_a_broken_share_shows_the_rows_that_make_it(tmp_path: Path) -> None:
    table = {"text": list("abcd"), "bad": [False, True, True, False], "odd": [0.0, 0.1, 0.0, 0.9]}
    share, figure = check(
        tmp_path,
        table,
        "type: expect_column_mean_to_be_between, kwargs: {column: bad, max_value: 0.1}, show: text",
        "type: expect_column_mean_to_be_between, kwargs: {column: odd, max_value: 0.1}, show: text",
    ).findings
    assert (share.rows, [one.value for one in share.examples]) == (2, ["b", "c"])
    assert share.observed == 0.5
    assert (figure.rows, [one.value for one in figure.examples]) == (None, ["d", "b"])


def test_absent_values_are_shown_in_the_order_of_the_settings(tmp_path: Path) -> None:
    wanted = [f"label {n}" for n in range(40)]
    (finding,) = check(
        tmp_path,
        {"label": ["label 1", "label 39"]},
        "type: expect_column_distinct_values_to_contain_set, "
        "kwargs: {column: label, value_set: $labels}",
        labels=wanted,
    ).findings
    assert [one.value for one in finding.examples] == [wanted[n] for n in (0, 2, 3, 4, 5)]


def test_what_holds_gives_away_no_values(tmp_path: Path) -> None:
    (finding,) = check(
        tmp_path,
        {"label": ["secret", "right"]},
        "type: expect_column_values_to_be_in_set, "
        "kwargs: {column: label, value_set: [right], mostly: 0.5}",
    ).findings
    assert finding.success
    assert "secret" not in str(finding)


def test_each_entry_gets_its_own_result(tmp_path: Path) -> None:
    entries = [
        f"type: expect_column_max_to_be_between, kwargs: {{column: {column}, max_value: {bound}}}"
        for column, bound in (("z", 0), ("absent", 9), ("a", 9), ("z", 9), ("m", 0))
    ]
    exists = "type: expect_column_to_exist, kwargs: {column: absent}"
    outcome = check(tmp_path, {"a": [1], "m": [2], "z": [3]}, *entries, exists)
    assert [one.observed for one in outcome.findings] == [3, None, 1, 3, 2, None]
    assert [one.success for one in outcome.findings] == [False, False, True, True, False, False]


def test_a_missing_column_breaks_what_speaks_of_it_and_shows_no_traceback(tmp_path: Path) -> None:
    outcome = check(
        tmp_path,
        {"body": ["x"]},
        "type: expect_column_to_exist, kwargs: {column: text}",
        "type: expect_column_values_to_not_be_null, kwargs: {column: text}",
    )
    exists, not_null = outcome.findings
    assert not exists.success
    assert not not_null.success
    assert not_null.problem == 'Error: The column "text" in BatchData does not exist.'
    assert "Traceback" not in str(outcome)


@pytest.mark.parametrize(
    "values", [[1, 2], [b"a", b"b"], [0.5, None], ["a", 1]], ids=["int", "bytes", "float", "mixed"]
)
def test_what_is_no_text_does_not_pass_for_it(tmp_path: Path, values: list[Any]) -> None:
    entry = "type: expect_column_values_to_be_of_type, kwargs: {column: text, type_: str}"
    assert check(tmp_path, {"text": values}, entry).broken
    assert not check(tmp_path, {"text": ["a", None]}, entry).broken


def test_nothing_is_sent_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    outcome = check(tmp_path, {"a": [1]}, "type: expect_column_to_exist, kwargs: {column: a}")
    assert "All 1 expectations hold" in expectations.data_docs(outcome, "m", SUMMARY)


# --- the page ---


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    outcome = check(
        tmp_path_factory.mktemp("suite"),
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
    return expectations.data_docs(outcome, "films <i>", SUMMARY)


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
    assert read.text.count(excerpt(HOSTILE)) > 4  # three cards, a kind of dirt, and in a row
    assert "<i>positive</i>" in read.text
    assert "^<i>$column&" in read.text
    assert "films <i>" in read.text
    assert not read.tags & {"script", "img"}
    assert not re.search("[\x1b\ue000-\uf8ff]", page)


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    read = Read(page)
    assert not read.tags & {"script", "link", "iframe", "img", "object", "embed", "a", "form"}
    assert not read.attributes & {"src", "href", "srcset", "action", "background"}
    assert not re.search(r"https?:|@import|url\(", page)
    assert "default-src 'none'" in page


def test_the_page_is_great_expectations_own_with_the_summary_above(page: str) -> None:
    assert "Must have greater than or equal to" in page
    assert "unexpected values found" in page
    assert page.count("A reason.") == 4 + 5  # on the cards of what is broken, and in its rows
    assert "An unexpected Exception occurred" not in page
    for shown in ("12,345", "12.5%", "dropped, 25.0%", "A step.", "4 of 5 expectations are broken"):
        assert shown in page, shown


def test_code_in_a_sentence_is_set_as_code(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(
        "- type: expect_column_to_exist\n  kwargs: {column: text}\n"
        "  because: Set `a<b` right.\n  next: Do it.\n"
    )
    outcome = expectations.check(pd.DataFrame({"x": [1]}), expectations.load(path, {}))
    page = expectations.data_docs(outcome, "m", SUMMARY)
    assert page.count("Set <code>a&lt;b</code> right.") == 2


@pytest.mark.parametrize("path", sorted(SUITES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_suite_that_comes_with_assay_loads(path: Path) -> None:
    values = {"labels": ["a", "b"], **TextValidate().model_dump()}
    assert len(expectations.load(path, values).expectations) >= 5
