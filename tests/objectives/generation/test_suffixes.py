from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.generation.suffixes import suffix_order


@pytest.mark.parametrize("kinds", [1, 2, 5, 70, 60_000])
@pytest.mark.parametrize("length", [0, 1, 2, 33, 400])
def test_suffixes_are_sorted(kinds: int, length: int) -> None:
    codes = np.random.default_rng(kinds + length).integers(0, kinds, length)
    written = codes.tolist()
    expected = sorted(range(length), key=lambda place: written[place:])
    assert suffix_order(codes, max(1, length)).tolist() == expected


@pytest.mark.parametrize("period", [1, 3, 50])
def test_long_repeats_are_sorted_too(period: int) -> None:
    written = np.random.default_rng(2).integers(0, 9, period).tolist() * (600 // period)
    expected = sorted(range(len(written)), key=lambda place: written[place:])
    assert suffix_order(np.array(written), len(written)).tolist() == expected


@pytest.mark.parametrize("depth", [1, 2, 3, 9, 20])
def test_the_first_codes_alone_need_decide(depth: int) -> None:
    codes = np.random.default_rng(depth).integers(0, 2, 500)
    written = codes.tolist()
    order = suffix_order(codes, depth).tolist()
    heads = [written[place : place + depth] for place in order]
    assert heads == sorted(heads)
    assert sorted(order) == list(range(500))


def test_equal_heads_keep_their_places() -> None:
    assert suffix_order(np.array([4, 4, 7, 4, 4, 7]), 1).tolist() == [0, 1, 3, 4, 2, 5]


def test_large_codes_need_not_be_packed() -> None:
    codes = np.array([2**40, 0, 2**40, 5, 2**40])
    assert suffix_order(codes, 5).tolist() == [1, 3, 4, 0, 2]
