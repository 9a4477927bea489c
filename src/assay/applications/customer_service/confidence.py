"""How sure it is that the best entry answers a message, calibrated on the knowledge file itself.

Reads and writes nothing. Each wording of an entry that has others is held out twice. Without it,
the entry is to be found by its other wordings: a message in scope. Without all of the entry's
wordings, whatever is found is wrong: a message out of scope, and a hard one, for it is about the
company's business. Logistic regression on the features of the ranking gives the probability that
the best entry is right. The thresholds follow from the same rankings:

- the answer's by conformal risk control (Angelopoulos et al., ICLR 2024, arXiv 2208.02814): the
  lowest confidence from which on no more than ``wrong`` of all messages get a wrong answer;
- the one below which nothing is offered as in :mod:`assay.objectives.classification.scope`: no
  more than ``false_alarm`` of the messages in scope are below it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import SourceRefused

if TYPE_CHECKING:
    from pathlib import Path

    from assay.applications.customer_service.retrieval import Ranking, Retrieval
    from assay.applications.customer_service.settings import Thresholds

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Flags = np.ndarray[Any, np.dtype[np.bool_]]

# Fewer wordings promise nothing; more than enough of them take their time at every start.
FEWEST, MOST = 50, 1000
RIDGE, STEPS = 1e-2, 50
# Of the features, where no regression is fitted: the overlap alone.
OVERLAP = 0


@dataclass(frozen=True)
class Confidence:
    """What the confidence is computed by, and what it decides.

    Attributes:
        weights: of the features, the intercept last; None: the confidence is the overlap.
        answer: from here on the best entry answers.
        clarify: from here on the best entries are offered.
        held_out: how many wordings this was calibrated on.
        answered: the share of these that is answered without a question back.
        wrong: the share of held-out wordings, in and out of scope, that gets a wrong answer.

    """

    weights: tuple[float, ...] | None
    answer: float
    clarify: float
    held_out: int = 0
    answered: float | None = None
    wrong: float | None = None

    def of(self, ranking: Ranking) -> float:
        """Return the probability that the best entry of a ranking is right."""
        if not ranking.order:
            return 0.0
        if self.weights is None:
            return float(ranking.features[OVERLAP])
        return float(_sigmoid(_with_one(ranking.features[None]) @ np.array(self.weights))[0])


def calibrate(path: Path, retrieval: Retrieval, asked: Thresholds) -> Confidence:
    """Return the confidence for the entries of one language; ``path`` is what a refusal names.

    Raises:
        SourceRefused: too few entries have several wordings, and no thresholds are given.

    """
    if asked.answer is not None and asked.clarify is not None:
        return Confidence(None, asked.answer, asked.clarify)
    places = _held_out(retrieval)
    if len(places) < FEWEST:
        language = retrieval.entries[0].language
        raise SourceRefused(
            f"{path} has {len(places)} wordings ({language}) of questions that have several",
            expected=f"{FEWEST} or more, to calibrate on when to answer",
            cure="add rows with the id of an entry, another wording and no answer; or set "
            "thresholds.answer and thresholds.clarify",
        )
    inside = [retrieval.find_without(place, [place]) for place in places]
    outside = [retrieval.find_without(place, _of_one(retrieval, place)) for place in places]
    right = np.array(
        [
            bool(found.order) and found.order[0] == retrieval.owners[place]
            for place, found in zip(places, inside, strict=True)
        ]
    )
    features = np.stack([found.features for found in (*inside, *outside)])
    truth = np.concatenate([right, np.zeros(len(outside), dtype=bool)])
    weights = _fit(features, truth)
    scores = _sigmoid(_with_one(features) @ weights)
    answer = _lowest(scores, truth, asked.wrong)
    clarify = min(answer, _quantile(scores[: len(places)], asked.false_alarm))
    given = scores >= answer
    return Confidence(
        tuple(weights.tolist()),
        answer,
        clarify,
        held_out=len(places),
        answered=float(given[: len(places)].mean()),
        wrong=float((given & ~truth).mean()),
    )


def _held_out(retrieval: Retrieval) -> list[int]:
    """Return the places of the wordings to hold out: of entries with others, evenly spread."""
    sizes = np.bincount(retrieval.owners)
    found = np.flatnonzero(sizes[retrieval.owners] > 1)
    if len(found) > MOST:
        found = found[np.linspace(0, len(found) - 1, MOST).astype(int)]
    return [int(place) for place in found]


def _of_one(retrieval: Retrieval, wording: int) -> list[int]:
    """Return the places of all wordings of the entry that a wording is of."""
    same = retrieval.owners == retrieval.owners[wording]
    return [int(place) for place in np.flatnonzero(same)]


def _fit(features: Floats, truth: Flags) -> Floats:
    """Return the weights of logistic regression, the intercept last, by Newton's method."""
    rows = _with_one(features)
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        found = _sigmoid(rows @ weights)
        gradient = rows.T @ (found - truth) + RIDGE * weights
        curvature = (rows * (found * (1 - found))[:, None]).T @ rows + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def _lowest(scores: Floats, truth: Flags, wrong: float) -> float:
    """Return the lowest confidence from which on few enough answers are wrong; above 1 if none is.

    Of n messages, k wrong answers count as (k + 1) / (n + 1).
    """
    order = np.argsort(-scores, kind="stable")
    risk = (np.cumsum(~truth[order]) + 1) / (len(scores) + 1)
    held = np.flatnonzero(risk <= wrong)
    if not len(held):
        return math.inf
    last = int(held[-1])
    # Equal scores are decided alike: a step in the middle of them would let all of them in.
    if last + 1 < len(scores) and scores[order[last + 1]] == scores[order[last]]:
        return float(np.nextafter(scores[order[last]], 2))
    return float(scores[order[last]])


def _quantile(scores: Floats, share: float) -> float:
    """Return the k-th smallest of n scores, k = floor(share * (n + 1)); 0 where k is 0."""
    place = math.floor(share * (len(scores) + 1) + 1e-9)
    return float(np.sort(scores)[place - 1]) if place else 0.0


def _with_one(features: Floats) -> Floats:
    return np.hstack([features, np.ones((len(features), 1))])


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))))
