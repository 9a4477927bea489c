from __future__ import annotations

import re
from html import unescape

import pytest

from assay.reporting import markdown


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a | b",
        "one\ntwo\r\n\n# three",
        "![x](http://example.org/x.png)",
        "[click](javascript:alert(1))",
        "`code` *bold* _soft_ ~~gone~~ $x$ \\| @someone",
        "&lt;b&gt; &#124;",
        "https://example.org www.example.org",
        "\u202egnp.exe\u2066 \u0000\u0007 \u2028 end",
    ],
)
def test_what_is_escaped_is_one_line_that_says_the_same_and_does_nothing(text: str) -> None:
    line = markdown.escaped(text)
    assert not re.search(r"[<>|`*\[\]~$\\@\n\r]|://|www\.|(?<!\w)_|_(?!\w)", line)
    shown = "".join(c for c in text if c.isprintable() or c in "\n\r")
    assert unescape(line).split() == shown.split()


def test_ordinary_text_stays_readable_in_the_source() -> None:
    assert markdown.escaped("it's 5 % of row_id 12_3: good! (#1)") == (
        "it's 5 % of row_id 12_3: good! (#1)"
    )


@pytest.mark.parametrize("letter", ["\x07", "\x85", "\u2028", "\u2029", "\ud800"])
def test_letters_that_control_become_space(letter: str) -> None:
    assert markdown.escaped(f"a{letter}b") == "a b"


@pytest.mark.parametrize(
    "letter", "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
def test_letters_that_turn_or_hide_are_dropped(letter: str) -> None:
    assert markdown.escaped(f"a{letter}b") == "ab"


def test_a_table_is_heads_a_rule_and_rows() -> None:
    table = markdown.tabulate(("name", "rows"), [("a", "1"), ("b", "2")], right=[1])
    assert table == "| name | rows |\n| --- | ---: |\n| a | 1 |\n| b | 2 |"
    assert markdown.tabulate(("x",), []) == "| x |\n| --- |"


def test_many_names_are_listed_in_part() -> None:
    names = [f"<{place}>" for place in range(12)]
    assert markdown.listed(["a|", "b"]) == "a&#124;, b"
    shown = ", ".join(f"&#60;{place}&#62;" for place in range(10))
    assert markdown.listed(names[:10]) == shown
    assert markdown.listed(names) == f"{shown} and 2 more"
    assert markdown.listed(["x" * 61, "y"], most=1) == "x" * 59 + "… and 1 more"


def test_figures() -> None:
    assert markdown.number(None) == "undefined"
    assert markdown.number(0.12345) == "0.123"
    assert markdown.percent(0.1234) == "12.3 %"
    assert markdown.points(0.0123) == "+1.2 points"
    assert markdown.points(-0.5) == "-50.0 points"


def test_intervals() -> None:
    assert markdown.span(None) == ""
    assert markdown.span((0.1234, 0.5)) == "0.123 to 0.500"
    assert markdown.span((-0.1234, 0.5), signed=True) == "-0.123 to +0.500"
    assert markdown.span((-0.1234, 0.5), signed=True, scale=100) == "-12.3 to +50.0"


def test_long_texts_are_cut_before_they_are_escaped() -> None:
    assert markdown.escaped("|" * 500, 10) == "&#124;" * 9 + "…"


def test_personal_data_is_masked_also_where_letters_without_width_break_it() -> None:
    line = markdown.escaped("call 138\u200b0013\ufeff8000 or a_b@example.org")
    assert unescape(line) == "call [phone] or [e-mail]"
    assert "555" not in markdown.escaped("x " * 2000 + "(415) 555-2671", 10_000)
    assert markdown.escaped("x" * 10, 10) == "x" * 10
    assert markdown.escaped("x" * 400) == "x" * 400
    assert markdown.escaped("x" * 401) == "x" * 399 + "…"
