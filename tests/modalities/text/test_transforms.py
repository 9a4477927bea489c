from __future__ import annotations

import pytest

from assay.modalities.text.transforms import TRANSFORMS


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("digits", "9 of 10 paid $1,200.05", "1 of 20 paid $2,300.06"),
        ("digits", "第３章", "第４章"),
        ("digits", "no number", "no number"),
        ("digits", "0", "0"),
        ("mentions", "@anna, see @李雷! (@x_1)", "{0}, see {0}! ({0})"),
        ("mentions", "write to me@example.org @ noon", "write to me@example.org @ noon"),
        ("links", "see http://a.b/c?d=1 now", "see https://example.org/a1b2 now"),
        ("links", '<a href="https://a.b">', '<a href="https://example.org/a1b2">'),
        ("links", "http is a protocol", "http is a protocol"),
        ("curved_quotes", "It's \"good\", isn't it?", "It’s “good”, isn’t it?"),
        ("curved_quotes", "('quoted') 'so'", "(‘quoted’) ‘so’"),
        ("curved_quotes", '5" by 7"', "5” by 7”"),
        ("upper_case", "straße, ok", "STRASSE, OK"),
    ],
)
def test_a_text_is_changed_as_its_name_says(name: str, text: str, expected: str) -> None:
    assert TRANSFORMS[name](text) == expected.replace("{0}", "@somebody_else")


@pytest.mark.parametrize("name", TRANSFORMS)
def test_an_empty_text_and_space_stay_as_they_are(name: str) -> None:
    assert TRANSFORMS[name]("") == ""
    assert TRANSFORMS[name](" \n\t ") == " \n\t "


@pytest.mark.parametrize("digit", "123456789")
def test_each_digit_but_zero_becomes_another_one(digit: str) -> None:
    found = TRANSFORMS["digits"](digit)
    assert found in set("123456789") - {digit}
