from __future__ import annotations

from itertools import chain

import numpy as np
import pytest

from assay.learning.batching import POOL, bucketed, shard, shuffled

LENGTHS = np.random.default_rng(0).integers(3, 130, 3333).tolist()


@pytest.mark.parametrize("rows", [0, 1, 31, 32, 33, 1599, 1600, 1601, 3333])
def test_every_row_comes_once(rows: int) -> None:
    batches = bucketed(LENGTHS[:rows], 32, seed=1, epoch=0)
    assert sorted(chain.from_iterable(batches)) == list(range(rows))
    assert all(1 <= len(batch) <= 32 for batch in batches)
    assert len(batches) == -(-rows // 32)


def test_seed_and_epoch_alone_decide() -> None:
    first = bucketed(LENGTHS, 32, seed=1, epoch=0)
    assert first == bucketed(list(LENGTHS), 32, seed=1, epoch=0)
    others = [bucketed(LENGTHS, 32, seed=s, epoch=e) for s, e in ((1, 1), (2, 0), (0, 1))]
    for other in others:
        assert other != first
    assert others[0] != others[2], "seed and epoch are not added up"


def test_rows_of_a_batch_are_of_like_length() -> None:
    lengths = np.array(LENGTHS)

    def padding(batches: list[list[int]]) -> int:
        return sum(int(lengths[rows].max() * len(rows) - lengths[rows].sum()) for rows in batches)

    drawn = np.random.default_rng(0).permutation(len(lengths)).tolist()
    plain = [drawn[start : start + 32] for start in range(0, len(drawn), 32)]
    assert padding(bucketed(LENGTHS, 32, seed=1, epoch=0)) < padding(plain) / 10


def test_lengths_come_in_no_order() -> None:
    batches = bucketed(sorted(LENGTHS), 32, seed=1, epoch=0)
    longest = [max(batch) for batch in batches[: POOL // 2]]
    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)


@pytest.mark.parametrize("rows", [1, 7, 100, 149, 151, 1001])
def test_shuffled_batches_hold_every_row_once_and_are_alike_in_size(rows: int) -> None:
    batches = shuffled(rows, 100, seed=1, epoch=0)
    assert sorted(chain.from_iterable(batches)) == list(range(rows))
    sizes = [len(batch) for batch in batches]
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= 150


def test_shuffled_batches_depend_on_seed_and_epoch_alone() -> None:
    first = shuffled(1000, 100, seed=1, epoch=0)
    assert first == shuffled(1000, 100, seed=1, epoch=0)
    others = [shuffled(1000, 100, seed=s, epoch=e) for s, e in ((1, 1), (2, 0), (0, 1))]
    assert first not in others
    assert others[0] != others[2]
    assert list(chain.from_iterable(first)) != sorted(chain.from_iterable(first))


@pytest.mark.parametrize("batches", [1, 2, 3, 7, 8, 100])
@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_processes_get_equally_many_and_together_all(batches: int, processes: int) -> None:
    all_of_them = [[number] for number in range(batches)]
    shares = [shard(all_of_them, rank, processes) for rank in range(processes)]
    assert {len(share) for share in shares} == {-(-batches // processes)}
    taken = [batch[0] for share in shares for batch in share]
    assert set(taken) == set(range(batches))
    assert len(taken) - batches < processes


def test_one_process_gets_them_as_they_are() -> None:
    batches = bucketed(LENGTHS, 32, seed=1, epoch=0)
    assert shard(batches, 0, 1) == batches
    assert shard([], 0, 2) == []
