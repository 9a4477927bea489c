from __future__ import annotations

import pytest

from assay.serving.admission import Queue
from assay.serving.refusals import NotReady, TooMany

QUEUE = Queue(10, "rows")


@pytest.mark.parametrize(("waiting", "more"), [(0, 10), (9, 1), (0, 11)])
def test_what_has_room_or_comes_alone_is_taken(waiting: int, more: int) -> None:
    QUEUE.require_room(waiting, more, closed=False, seconds=1.0)


def test_past_the_bound_a_request_is_told_when_to_come_back() -> None:
    with pytest.raises(TooMany, match="9 rows wait already, and 10 are the most") as refused:
        QUEUE.require_room(9, 2, closed=False, seconds=2.5)
    assert refused.value.headers == {"retry-after": "3"}


def test_a_closed_queue_takes_nothing() -> None:
    with pytest.raises(NotReady, match="no longer served"):
        QUEUE.require_room(0, 1, closed=True, seconds=1.0)
