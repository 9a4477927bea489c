from __future__ import annotations

import pytest

from bench.time_to_score import Pair, Reached


@pytest.mark.parametrize(
    ("scores", "epoch"), [((0.80, 0.82), 0), ((0.78, 0.81), 1), ((0.78, 0.79), 1), ((0.79, 0.7), 0)]
)
def test_trainer_is_timed_to_the_first_epoch_as_good_or_to_its_best(
    scores: tuple[float, ...], epoch: int
) -> None:
    epochs = [Reached(10.0 * number, score) for number, score in enumerate(scores, start=1)]
    pair = Pair(13, Reached(5.0, 0.80), tuple(epochs))
    assert pair.theirs is epochs[epoch]
    assert pair.times == epochs[epoch].seconds / 5
