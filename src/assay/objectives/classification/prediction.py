"""What a classifier answers to a user: a label, its score, the probability of each class.

Reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

DIGITS = 6


@dataclass(frozen=True)
class Prediction:
    """The answer to one input; probabilities are by label, the score is the greatest of them."""

    label: str
    score: float
    probabilities: dict[str, float]


def predictions(probabilities: np.ndarray[Any, Any], labels: Sequence[str]) -> Iterator[Prediction]:
    """Yield the answer to each row of probabilities, of shape (rows, classes)."""
    for row in probabilities:
        yield Prediction(
            label=labels[int(row.argmax())],
            score=round(float(row.max()), DIGITS),
            probabilities={
                label: round(float(share), DIGITS) for label, share in zip(labels, row, strict=True)
            },
        )
