from __future__ import annotations

import json
import unicodedata

from assay.visible import visible, visible_json

# Colour, a window's title, a clear screen, one in eight bits, and a text turned around.
HOSTILE = "\x1b[31mred\x1b]0;title\x07\x1bc\x9b2J\x7f\u202eevil\u2066\u200f\x00"


def test_no_letter_that_a_terminal_obeys_is_left() -> None:
    shown = visible(HOSTILE + "\r")
    assert all(unicodedata.category(letter) not in {"Cc", "Cf"} for letter in shown)
    assert shown.startswith("\\x1b[31mred\\x1b]0;title\\x07")
    assert "\\u202eevil" in shown


def test_what_is_only_text_stays() -> None:
    text = "ordinary: naïve 中文 한국 العربية עברית 👩\u200d💻 │ ↵ …\n\tnext"
    assert visible(text) == text
    assert visible(visible(HOSTILE)) == visible(HOSTILE)


def test_json_holds_the_same_and_prints_none_of_it() -> None:
    text = visible_json(json.dumps({HOSTILE: [HOSTILE]}, ensure_ascii=False))
    assert json.loads(text) == {HOSTILE: [HOSTILE]}
    assert all(unicodedata.category(letter) not in {"Cc", "Cf"} for letter in text)
