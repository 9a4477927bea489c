from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer

from assay.modalities.text import vocabulary as pieces
from assay.modalities.text import words
from assay.modalities.text.encoding import TextEncoder

TEXTS = [
    "The soup was good, the Waiter was kind.",
    "good soup; GOOD waiter",
    "酒店很好, 酒店 good",
    "ﬁne ｆｉｎｅ",
    "ガイド が よい",
]
MADE = words.tokenizer(TEXTS, 100)


def _pieces(text: str, source: str = MADE) -> list[str]:
    return list(Tokenizer.from_str(source).encode(text, add_special_tokens=False).tokens)


def test_equal_texts_give_equal_bytes_in_whatever_order() -> None:
    assert words.tokenizer(TEXTS[::-1], 100) == MADE
    assert words.tokenizer([*TEXTS, "kind"], 100) != MADE


def test_padding_is_piece_zero() -> None:
    vocabulary = json.loads(MADE)["model"]["vocab"]
    assert [vocabulary[mark] for mark in words.SPECIALS] == [0, 1, 2, 3]
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    assert pieces.size(MADE) == len(vocabulary)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GOOD soup", ["good", "soup"]),
        ("good,soup", ["good", ",", "soup"]),
        # Met once, or never: spelled.
        ("kind", ["k", "##i", "##n", "##d"]),
        ("wood", ["w", "##o", "##o", "##d"]),
        ("酒店good", ["酒", "店", "good"]),
        ("店酒", ["店", "酒"]),
        # Compatibility forms are the letters that they stand for.
        ("ＧＯＯＤ", ["good"]),
        ("fine", ["fine"]),
        # Marks of Japanese syllables stay.
        ("がガ", ["が", "ガ"]),
        # A character that was never met.
        ("か", ["[UNK]"]),
        ("good xyz", ["good", "[UNK]"]),
    ],
)
def test_words_are_whole_where_frequent_and_spelled_where_not(
    text: str, expected: list[str]
) -> None:
    assert _pieces(text) == expected


def test_only_the_most_frequent_words_are_kept() -> None:
    few = words.tokenizer(TEXTS, 2)
    # Of equally frequent ones, the first by their letters.
    assert _pieces("good fine", few) == ["good", "fine"]
    assert _pieces("soup", few) == ["s", "##o", "##u", "##p"]
    none = words.tokenizer(TEXTS, 0)
    assert _pieces("good", none) == ["g", "##o", "##o", "##d"]


def test_a_text_without_words_has_its_two_marks() -> None:
    encode = TextEncoder(MADE, 8)
    found = encode(["", "  ", "good"])
    assert found.ids[0] == found.ids[1] == [2, 3]
    assert found.specials == 2
    assert found.unknown.tolist() == [0, 0, 0]


def test_a_text_cannot_write_a_mark() -> None:
    (ids,) = TextEncoder(MADE, 32)(["[PAD] [START] [END]"]).ids
    assert (ids[0], ids[-1]) == (2, 3)
    assert not {0, 2, 3} & set(ids[1:-1])


def test_a_long_text_is_cut_with_its_marks() -> None:
    found = TextEncoder(MADE, 8)(["good " * 50])
    assert len(found.ids[0]) == 8
    assert (found.ids[0][0], found.ids[0][-1]) == (2, 3)
    assert found.truncated == 1


def test_texts_without_any_word_make_a_tokenizer_of_marks() -> None:
    empty = words.tokenizer(["", " "], 10)
    assert pieces.size(empty) == len(words.SPECIALS)
    assert _pieces("good", empty) == ["[UNK]"]


def test_words_are_those_of_the_tokenizer() -> None:
    assert words.words("Good, 酒店!") == ["good", ",", "酒", "店", "!"]
    assert words.words(" ") == []
