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


def test_long_texts_are_cut_before_they_are_escaped() -> None:
    assert markdown.escaped("|" * 500, 10) == "&#124;" * 9 + "…"


def test_personal_data_is_masked_also_where_letters_without_width_break_it() -> None:
    line = markdown.escaped("call 138\u200b0013\ufeff8000 or a_b@example.org")
    assert unescape(line) == "call [phone] or [e-mail]"
    assert "555" not in markdown.escaped("x " * 2000 + "(415) 555-2671", 10_000)
