from __future__ import annotations

import pytest
from pydantic import ValidationError

from assay.serving.access.rates import Buckets, Rate

SIXTY = Rate(per_minute=60, burst=3)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_and_then_one_a_second() -> None:
    clock = Clock()
    buckets = Buckets(10, clock)
    assert [buckets.take("a", SIXTY) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", SIXTY) == 1
    assert buckets.take("a", SIXTY) == 1  # what is refused uses nothing up
    clock.now += 1
    assert buckets.take("a", SIXTY) == 0
    assert buckets.take("a", SIXTY) == 1
    clock.now += 100
    assert [buckets.take("a", SIXTY) for _ in range(4)] == [0, 0, 0, 1]


def test_keys_do_not_share_and_looking_uses_nothing_up() -> None:
    buckets = Buckets(10, Clock())
    one = Rate(per_minute=6, burst=1)
    assert [buckets.wait("a", one) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", one) == 0
    assert buckets.wait("a", one) == 10
    assert buckets.take("b", one) == 0


def test_a_new_rate_holds_from_the_next_request_on() -> None:
    buckets = Buckets(10, Clock())
    assert buckets.take("a", Rate(per_minute=1, burst=1)) == 0
    assert buckets.take("a", Rate(per_minute=1, burst=1)) == 60
    assert buckets.take("a", Rate(per_minute=60, burst=61)) == 0


def test_memory_is_bounded_and_the_key_in_use_is_kept() -> None:
    buckets = Buckets(100, Clock())
    for number in range(1000):
        assert buckets.take(str(number), SIXTY) == 0
        buckets.take("busy", SIXTY)
    assert len(buckets) == 100
    assert buckets.wait("0", SIXTY) == 0
    assert buckets.wait("busy", SIXTY) == 1


@pytest.mark.parametrize("wrong", [{"per_minute": 0}, {"per_minute": float("inf")}, {"burst": 0}])
def test_a_rate_is_a_rate(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Rate.model_validate({"per_minute": 1, "burst": 1, **wrong})
