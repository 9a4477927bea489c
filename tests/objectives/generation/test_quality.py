from __future__ import annotations

import pytest

from assay.objectives.generation.quality import Lengths, Quality, Variety, measured

WORDS = [["a", "b", "a", "b", "a"], ["a", "b"], ["c"]]


def test_figures_worked_by_hand() -> None:
    found = measured(["a b a b a", "a b", "c"], WORDS, orders=(1, 2, 3))
    assert (found.samples, found.empty, found.repeated_lines) == (3, 0, 0)
    ones, twos, threes = found.varieties
    # Single tokens repeat in the first sample alone: 3 of its 5.
    assert ones.distinct == 3 / 8
    assert ones.repeated == pytest.approx(3 / 5 / 3)
    # ab and ba among eight tokens; two of the first sample's four stood earlier.
    assert twos == Variety(2, distinct=2 / 8, repeated=2 / 4 / 2)
    # aba, bab, aba
    assert threes.distinct == 2 / 8
    assert threes.repeated == pytest.approx(1 / 3)


def test_lengths_worked_by_hand() -> None:
    found = measured(["a b a b a", "a b", "c"], WORDS)
    assert found.tokens == Lengths(shortest=1, median=2, mean=8 / 3, longest=5)
    assert found.characters == Lengths(shortest=1, median=3, mean=13 / 3, longest=9)


def test_samples_shorter_than_an_ngram_have_none() -> None:
    *_, fours = measured(["ab"], ["ab"]).varieties
    assert fours == Variety(4, None, None)


def test_a_sample_that_turns_in_a_circle_is_seen() -> None:
    circle, varied = measured([""], [[1, 2, 3] * 50]), measured([""], [list(range(150))])
    assert all(each.repeated is not None and each.repeated > 0.97 for each in circle.varieties)
    assert [each.repeated for each in varied.varieties] == [0] * 4
    assert [each.distinct for each in varied.varieties] == [1, 149 / 150, 148 / 150, 147 / 150]


def test_repeated_lines_are_those_of_one_sample() -> None:
    texts = ["one\ntwo\n\n one \n\none", "two\nthree", " \n\n"]
    found = measured(texts, texts)
    # Two of the first sample's four lines; the second shares a line with it, which is no repeat.
    assert found.repeated_lines == pytest.approx((2 / 4 + 0) / 2)
    assert found.empty == 1


def test_texts_without_anything_are_measured_too() -> None:
    found = measured(["", ""], [[], []])
    assert found == Quality(
        samples=2,
        empty=2,
        varieties=tuple(Variety(order, None, None) for order in (1, 2, 3, 4)),
        repeated_lines=None,
        tokens=Lengths(0, 0, 0, 0),
        characters=Lengths(0, 0, 0, 0),
    )


def test_lengths_are_characters_not_bytes() -> None:
    assert measured(["明月🙂"], [[1]]).characters == Lengths(3, 3, 3, 3)


@pytest.mark.parametrize(("texts", "tokens"), [([], []), (["a"], []), (["a"], [["a"], ["b"]])])
def test_samples_that_do_not_fit_are_refused(texts: list[str], tokens: list[list[str]]) -> None:
    with pytest.raises(ValueError, match="one sample or more"):
        measured(texts, tokens)
