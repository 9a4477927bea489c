from __future__ import annotations

from assay.excerpts import excerpt


def test_an_excerpt_is_masked_before_it_is_cut() -> None:
    assert excerpt("x" * 75 + " 13800138000") == "x" * 75 + " [ph…"
    assert excerpt("write to anna@example.org") == "write to [e-mail]"
    assert "138" not in excerpt(" ".join(["13800138000"] * 1000))


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
