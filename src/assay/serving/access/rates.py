"""How often something may happen: a rate, and who has used up how much of it.

Reads a monotonic clock. Writes nothing.

The rule is the generic cell rate algorithm (ITU-T I.371, annex A), a token bucket that is kept as
one number: the time at which the bucket would be full again.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from pydantic import Field

from assay.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable

MINUTE = 60.0


class Rate(Record):
    """So many in a minute, and so many at once after a pause."""

    per_minute: float = Field(gt=0)
    burst: int = Field(ge=1)


class Buckets:
    """Who has used up how much of a rate: one number a key, the most recent keys alone.

    Past ``limit`` keys, the key that was used longest ago is forgotten, as if it had never been
    seen: memory is bounded whatever clients send.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Know ``limit`` keys, by the seconds of ``clock``."""
        self._limit, self._clock = limit, clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        """Return how many keys are known."""
        return len(self._full_at)

    def wait(self, key: str, rate: Rate) -> float:
        """Return the seconds until one more is allowed; 0: it is now."""
        used = self._full_at.get(key, 0.0) - self._clock()  # seconds of the rate
        return max(0.0, used - (rate.burst - 1) * MINUTE / rate.per_minute)

    def take(self, key: str, rate: Rate) -> float:
        """Use one, if it is allowed; return as :meth:`wait`, 0: it was."""
        if wait := self.wait(key, rate):
            return wait
        full_at = max(self._full_at.get(key, 0.0), self._clock()) + MINUTE / rate.per_minute
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._limit:
            self._full_at.popitem(last=False)
        return 0.0
