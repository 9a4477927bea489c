"""Whether one more request may wait for a worker.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.serving.refusals import NotReady, TooMany


@dataclass(frozen=True)
class Queue:
    """What bounds a queue: how much waits at most, and what is counted (``rows``, ``images``)."""

    most: int
    unit: str

    def require_room(self, waiting: int, more: int, *, closed: bool, seconds: float) -> None:
        """Refuse ``more`` behind what waits, unless nothing does: what is large alone is taken.

        Raises:
            NotReady: the queue was closed.
            TooMany: asks to come back after ``seconds``, in which what waits is worked off.

        """
        if closed:
            raise NotReady("this version of the model is no longer served: send the request again")
        if waiting and waiting + more > self.most:
            raise TooMany(
                f"{waiting:,} {self.unit} wait already, and {self.most:,} are the most", seconds
            )
