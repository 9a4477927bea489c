from __future__ import annotations

import pytest

from assay.reporting.marked import Mark, marked


def test_marks_are_bold_and_the_rest_is_as_it_was() -> None:
    marks = [Mark(2, 6, "+1.6"), Mark(13, 18, "-0.3")]
    assert (
        marked("I love  this phone\n", marks)
        == "I <strong>love +1.6</strong> this <strong>phone -0.3</strong>"
    )
    assert marked("房间太脏", [Mark(3, 4, "+2.0")]) == "房间太<strong>脏 +2.0</strong>"
    assert marked("plain", []) == "plain"
    assert marked("", []) == ""


def test_markdown_and_html_of_a_text_are_shown_and_not_obeyed() -> None:
    text = "<b>x</b> | [a](http://b.c) `y` www.d.e"
    found = marked(text, [Mark(0, 3, "+1.0"), Mark(text.index("["), text.index(")") + 1, "+2.0")])
    assert found.startswith("<strong>&#60;b&#62; +1.0</strong>x&#60;/b&#62; &#124; <strong>")
    assert found.count("<strong>") == 2
    for one in ("|", "[", "`", "://", "www."):
        assert one not in found


@pytest.mark.parametrize("gap", ["", "\u200b"])
def test_personal_data_is_masked_wherever_the_marks_are(gap: str) -> None:
    text = f"my ssn is 536-90{gap}-4399, write to ann.lee@example.org today"
    words = ["ssn", "536", "4399", "lee", "example", "today", "write"]
    marks = sorted(
        (Mark(text.index(word), text.index(word) + len(word), "+1.0") for word in words),
        key=lambda mark: mark.start,
    )
    found = marked(text, marks)
    assert found == (
        "my <strong>ssn +1.0</strong> is &#91;SSN&#93;, <strong>write +1.0</strong> to "
        "&#91;e-mail&#93; <strong>today +1.0</strong>"
    )


def test_a_long_text_is_cut_with_its_marks() -> None:
    text = "word " * 30
    marks = [Mark(5, 9, "+1.0"), Mark(18, 22, "+2.0"), Mark(100, 104, "+3.0")]
    assert marked(text, marks, longest=20) == "word <strong>word +1.0</strong> word word…"
    assert (
        marked("write to ann.lee@example.org now", [], longest=15) == "write to &#91;e-mail&#93;…"
    )
