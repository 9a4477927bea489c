"""The mood of a message: what a sentiment model says, where it says so clearly.

Reads and writes nothing. A question about a lost parcel is no praise, and its writer need not be
angry: sentiment models call it negative all the same. So a mood other than neutral counts where its
probability is above a bound: that which all but a share ``mood_alarm`` of the knowledge file's own
questions, which are calm, stay at or below; and never below one half.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.applications.customer_service.turn import Mood
    from assay.bundle.classifier import Classifier

    Floats = np.ndarray[Any, np.dtype[np.float64]]

LEAST = 0.5
# Where both are above their bounds, which nearly never is, anger counts.
MARKED: tuple[Mood, ...] = ("angry", "happy")


class Moods:
    """Reads the mood of messages in one language."""

    def __init__(
        self, model: Classifier, moods: Mapping[str, Mood], calm: Sequence[str], alarm: float
    ) -> None:
        """Calibrate on ``calm`` texts; ``moods`` says what each label of the model is."""
        self.model = model
        self.columns = {
            mood: [place for place, label in enumerate(model.labels) if moods[label] == mood]
            for mood in ("angry", "neutral", "happy")
        }
        found = model.predict(list(calm)).probabilities
        self.bounds = {mood: _bound(self._share(found, mood), alarm) for mood in MARKED}

    def of(self, text: str) -> tuple[Mood, float]:
        """Return the mood of a text, and the probability that the model gives it."""
        found = self.model.predict([text]).probabilities
        for mood in MARKED:
            probability = float(self._share(found, mood)[0])
            if probability > self.bounds[mood]:
                return mood, probability
        return "neutral", float(self._share(found, "neutral")[0])

    def _share(self, probabilities: Floats, mood: str) -> Floats:
        return np.asarray(probabilities[:, self.columns[mood]].sum(axis=1))


def _bound(scores: Floats, alarm: float) -> float:
    """Return the (k + 1)-th highest of n scores, k = floor(alarm * (n + 1)); 1/2 at least."""
    place = math.floor(alarm * (len(scores) + 1) + 1e-9)
    # Of so few that one alarm would be too many, the highest of them is the bound.
    return max(LEAST, float(np.sort(scores)[::-1][min(max(place - 1, 0), len(scores) - 1)]))
