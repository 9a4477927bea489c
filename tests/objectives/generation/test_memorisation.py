from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.generation.memorisation import longest_overlaps, shared_ngrams

CANARY = "My locker opens with 7-31-88."


def by_hand(sample: str, train: list[str]) -> int:
    """Try every substring."""
    lengths = [
        end - start
        for start in range(len(sample))
        for end in range(start + 1, len(sample) + 1)
        if any(sample[start:end] in text for text in train)
    ]
    return max(lengths, default=0)


def written(seed: int, texts: int, longest: int, letters: str) -> list[str]:
    random = np.random.default_rng(seed)
    return [
        "".join(random.choice(list(letters), random.integers(0, longest + 1))) for _ in range(texts)
    ]


@pytest.mark.parametrize("letters", ["a", "ab", "abcd ", "aé東🙂\x00\n"])
def test_every_length_is_that_of_trying_all(letters: str) -> None:
    train, samples = written(1, 12, 40, letters), written(2, 30, 30, letters)
    assert longest_overlaps(samples, train).tolist() == [by_hand(each, train) for each in samples]


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_every_share_is_that_of_looking_each_up(length: int) -> None:
    train, texts = written(3, 12, 40, "abc"), written(4, 30, 12, "abcd")
    grams = [[text[at : at + length] for at in range(len(text) - length + 1)] for text in texts]
    overlap = shared_ngrams(texts, train, length)
    assert overlap.total.tolist() == [len(own) for own in grams]
    found = [sum(any(gram in text for text in train) for gram in own) for own in grams]
    assert overlap.found.tolist() == found
    assert overlap.share == sum(found) / sum(map(len, grams))


def test_a_planted_canary_is_found_at_its_length() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz "
    train = written(5, 60, 400, letters)
    train[40] += CANARY + train[41]
    samples = [*written(6, 20, 200, letters), "Well. " + CANARY + " So.", CANARY[:20]]
    found = longest_overlaps(samples, train)
    assert found[:20].max() < 12
    assert found[20:].tolist() == [len(CANARY), 20]


def test_what_crosses_the_border_of_two_texts_is_not_verbatim() -> None:
    assert longest_overlaps(["the cat sat"], ["the cat", " sat"]).tolist() == [7]
    assert longest_overlaps(["the cat", "the"], ["cat", "e c"]).tolist() == [3, 1]


def test_samples_do_not_match_each_other() -> None:
    assert longest_overlaps(["abcabc", "abcabc"], ["xbcx"]).tolist() == [2, 2]


def test_a_whole_train_text_is_found_however_long() -> None:
    text = "".join(written(7, 1, 9000, "abcdef"))
    assert longest_overlaps([text, text[100:]], ["x", text, text]).tolist() == [
        len(text),
        len(text) - 100,
    ]


def test_characters_are_counted_not_bytes() -> None:
    train = ["明月幾時有,把酒問青天。🙂🙂"]
    assert longest_overlaps(["把酒問青天。🙂", "Ą明月"], train).tolist() == [7, 2]
    # A combining accent and its letter are two characters, and another text than the letter alone.
    assert longest_overlaps(["e\u0301t"], ["\u00e9t"]).tolist() == [1]
    # Half of a pair is a character too.
    assert longest_overlaps(["\ud83d!"], ["a\ud83d!"]).tolist() == [2]


def test_nothing_has_nothing_in_common() -> None:
    assert longest_overlaps([], ["abc"]).shape == (0,)
    assert longest_overlaps([], []).shape == (0,)
    assert longest_overlaps(["", "abc", ""], []).tolist() == [0, 0, 0]
    assert longest_overlaps(["", "a"], ["", ""]).tolist() == [0, 0]
    assert longest_overlaps(["", "ab", ""], ["ab", ""]).tolist() == [0, 2, 0]


def test_a_text_too_short_for_an_ngram_has_none() -> None:
    overlap = shared_ngrams(["", "ab", "abc"], ["abcd"], 3)
    assert overlap.total.tolist() == [0, 0, 1]
    assert overlap.found.tolist() == [0, 0, 1]
    assert overlap.share == 1
    assert shared_ngrams(["ab"], ["ab"], 3).share is None
    assert shared_ngrams([], ["ab"], 3).share is None


def test_an_ngram_without_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="0 characters"):
        shared_ngrams(["ab"], ["ab"], 0)
