from __future__ import annotations

import pytest

from assay.modalities.text.units import MOST, occluded, units


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (" \n\t", []),
        ("I love it", ["I", "love", "it"]),
        ("Don’t! It's 5-star...", ["Don’t", "!", "It's", "5", "-", "star", "..."]),
        ("'quoted' rock 'n' roll", ["'", "quoted", "'", "rock", "'", "n", "'", "roll"]),
        ("房间太脏，很差", [*"房间太脏", "，", *"很差"]),
        ("good房间bad", ["good", "房", "间", "bad"]),
        ("お茶を", [*"お茶を"]),
        ("ไม่ดี", ["ไ", "ม่", "ดี"]),
        ("좋은 방", ["좋은", "방"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("cafe\u0301 noir", ["cafe\u0301", "noir"]),
        ("ok 👍🏽👩‍💻 fine", ["ok", "👍🏽👩‍💻", "fine"]),
        ("\u200d a_b", ["\u200d", "a_b"]),
    ],
)
def test_units_are_words_or_letters_of_scripts_without_spaces(text: str, found: list[str]) -> None:
    given = units(text)
    assert [unit.text for unit in given] == found
    assert [text[unit.start : unit.end] for unit in given] == found
    assert "".join(found) == "".join(text.split())


def test_a_text_comes_without_each_of_its_units() -> None:
    found = occluded("not bad, really")
    assert list(found.contents) == [" bad, really", "not , really", "not bad really", "not bad, "]
    assert occluded("fine").contents == [""]
    assert occluded(" ").contents == []


@pytest.mark.parametrize("words", [MOST, MOST + 1, 3 * MOST, 1000])
def test_neighbours_of_a_long_text_are_left_out_together(words: int) -> None:
    text = " ".join(f"w{number}" for number in range(words))
    found = units(text)
    assert len(found) <= MOST
    assert " ".join(unit.text for unit in found) == text
    assert len(found) > MOST / 2
