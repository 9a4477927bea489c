from __future__ import annotations

import pytest

from assay.modalities.text import repetition as module
from assay.modalities.text.repetition import boilerplate, boilerplate_share, repetition

LINE = "the quick brown fox jumps over"  # six words
POEM = "常记溪亭日暮沉醉不知归路"  # twelve characters


def test_a_unit_is_a_word_or_a_character_of_a_script_without_spaces() -> None:
    assert module.UNIT.findall("Don't stop, 溪亭 № 2_a!") == ["Don", "t", "stop", "溪", "亭", "2_a"]
    assert repetition(f"{LINE}\n{POEM}").units == 6 + 12


def test_lines_that_stood_earlier_are_repeated() -> None:
    found = repetition(f"{LINE}\n\n  {LINE}  \nKING:\nKING:\n{LINE} again\n")
    assert found.lines == (LINE, LINE, f"{LINE} again")
    assert found.all_lines == 5
    assert found.line_share == 1 / 5, "short lines repeat, but never count as repeated"


def test_ngrams_that_stood_earlier_are_repeated() -> None:
    # a b c d e a b c d e: six 5-grams, the last of which is the first again.
    assert repetition("a b c d e\na b c d e").ngram_share == pytest.approx(1 / 6)
    assert repetition("a b c d e f g h i j").ngram_share == 0
    assert repetition("a " * 104).ngram_share == pytest.approx(99 / 100)
    # Twelve characters twice: 17 of eight characters, 12 of which differ.
    assert repetition(f"{POEM}，{POEM}。").ngram_share == pytest.approx(5 / 17)


@pytest.mark.parametrize("text", ["", " \n\t\n", "a b c d", "常记溪亭日暮沉", "!!!\n!!!"])
def test_too_little_to_repeat_is_no_repetition(text: str) -> None:
    found = repetition(text)
    assert (found.line_share, found.ngram_share, found.lines) == (0, 0, ())


def test_boilerplate_stands_in_three_documents_at_least() -> None:
    texts = [f"{LINE}\n{LINE}\nnumber {number} says one more thing\nyes" for number in range(3)]
    documents = [repetition(text) for text in texts]
    assert boilerplate(documents[:2]) == {}
    known = boilerplate(documents)
    assert known == {LINE: 3}, "once a document"
    assert boilerplate_share(documents[0], known) == 2 / 4
    assert boilerplate_share(repetition(""), known) == 0


def test_of_many_documents_one_in_a_hundred_must_have_the_line() -> None:
    texts = [f"{LINE}\n{number} and something else" for number in range(4)]
    others = [f"one, two, three, four, {number}" for number in range(396)]
    assert boilerplate([repetition(text) for text in texts + others]) == {LINE: 4}
    assert boilerplate([repetition(text) for text in [*texts, *others, "more"]]) == {}
