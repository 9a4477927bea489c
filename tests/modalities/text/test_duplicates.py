from __future__ import annotations

import numpy as np
import pytest

from assay.modalities.text.duplicates import GRAM, earlier_neighbours, grams, jaccard


def _drawn(rows: int, seed: int) -> list[str]:
    """Return distinct texts over few letters, new or changed copies of earlier ones."""
    random = np.random.default_rng(seed)
    found: dict[str, None] = {"a": None, "ab": None, "abcde": None, "abcdef": None}
    while len(found) < rows:
        text = "".join(random.choice(list("abc "), random.integers(1, 90)))
        if random.random() < 0.6:
            near = str(random.choice(list(found)))
            place = random.integers(0, len(near) + 1)
            text = near[:place] + text[: random.integers(1, 3)] + near[place:]
        found[text] = None
    return list(found)


def _by_force(texts: list[str], threshold: float) -> list[list[int]]:
    sets = [grams(text) for text in texts]
    return [
        [
            other
            for other in range(row)
            if len(sets[row] & sets[other]) / len(sets[row] | sets[other]) >= threshold
        ]
        for row in range(len(texts))
    ]


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_it_finds_exactly_what_comparing_all_pairs_finds(threshold: float, seed: int) -> None:
    texts = _drawn(250, seed)
    expected = _by_force(texts, threshold)
    assert earlier_neighbours(texts, threshold) == expected
    if threshold < 1:
        assert sum(map(len, expected)) > 5, "the texts are too unlike to tell"


def test_pairs_that_just_reach_the_threshold_are_found() -> None:
    # Sets of n grams of which k are common: every fraction k / (2n - k) near 0.8.
    for size in range(5, 60):
        letters = [chr(0x4E00 + place) for place in range(size + GRAM - 1)]
        base = "".join(letters)
        for cut in range(1, size):
            other = base[:-cut] + "".join(chr(0x9000 + place) for place in range(cut))
            texts = [base, other]
            assert earlier_neighbours(texts, 0.8) == _by_force(texts, 0.8), (size, cut)


def test_short_texts_are_alike_only_when_equal() -> None:
    texts = ["ab", "abc", "b", "abcde", "abcdef"]
    assert earlier_neighbours(texts, 0.5) == [[], [], [], [], [3]]
    assert grams("abcde") == {"abcde"}
    assert grams("abcdef") == {"abcde", "bcdef"}


def test_nothing_is_like_nothing() -> None:
    assert earlier_neighbours([], 0.8) == []
    assert earlier_neighbours(["alone"], 0.8) == [[]]


def test_jaccard_is_the_common_share() -> None:
    assert jaccard({1, 2, 3}, {2, 3, 4}) == 0.5
    assert jaccard({1}, {1}) == 1
    assert jaccard({1}, {2}) == 0
