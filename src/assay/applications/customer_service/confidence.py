"""How sure it is which entry answers a message, calibrated on the knowledge file itself.

Reads and writes nothing. Each wording of an entry that has others is asked twice. Without the
wording, its entry is to be found by the others: a message in scope. Without the whole entry,
whatever is found is wrong: a message out of scope, and a hard one, for it is about the company's
business. A conditional logit (McFadden 1974) on the ranking's signals, in which *none of them* is
one more alternative, learns from both what the probability of each entry is. From the same rankings
follow two thresholds:

- of answering, by conformal risk control (Angelopoulos et al., ICLR 2024, arXiv 2208.02814): the
  lowest probability from which on no more than ``wrong`` of all messages get a wrong answer, where
  ``outside`` of them are out of scope;
- of offering anything, as in :mod:`assay.objectives.classification.scope`: no more than
  ``false_alarm`` of the messages in scope are below it.

What this does not promise: the weights were fitted on the rankings that the thresholds come from,
and customers write otherwise than whoever wrote the file, so the shares hold for its own wordings,
and only about so for others. They are the ranking's alone: where an intent model agrees with a
ranking in doubt, :mod:`~assay.applications.customer_service.decision` answers below the threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.applications.customer_service.logit import Logit
from assay.applications.customer_service.retrieval import OVERLAP
from assay.errors import SourceRefused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.applications.customer_service.retrieval import Ranking, Retrieval
    from assay.applications.customer_service.settings import Thresholds

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Flags = np.ndarray[Any, np.dtype[np.bool_]]

# Fewer wordings promise nothing; more than enough of them take their time at every start.
FEWEST, MOST = 50, 1000


@dataclass(frozen=True)
class Judged:
    """The entries that may answer a message.

    Attributes:
        order: their places, the best first.
        confidence: the probability that the best one is right.
        in_scope: the probability that any of them is.

    """

    order: tuple[int, ...]
    confidence: float
    in_scope: float


@dataclass(frozen=True)
class Confidence:
    """What the confidence is computed by, and what it decides.

    Attributes:
        logit: None: entries come in the fused order, and the confidence is the best one's overlap.
        answer: the confidence from which on the best entry answers.
        clarify: the probability of being in scope from which on the best entries are offered.
        held_out: how many wordings this was calibrated on.
        answered: the share of these that is answered without a question back.
        wrong: the share of all held-out messages, in and out of scope, with a wrong answer.

    """

    logit: Logit | None
    answer: float
    clarify: float
    held_out: int = 0
    answered: float | None = None
    wrong: float | None = None

    def judge(self, ranking: Ranking) -> Judged:
        """Return the entries that may answer, and how sure that is."""
        if self.logit is None:
            return _by_rank(ranking)
        return _by_logit(self.logit, ranking)


def calibrate(path: Path, retrieval: Retrieval, asked: Thresholds) -> Confidence:
    """Return the confidence for the entries of one language; ``path`` is what a refusal names.

    Raises:
        SourceRefused: too few entries have several wordings, and no thresholds are given.

    """
    if asked.answer is not None and asked.clarify is not None:
        return Confidence(None, asked.answer, asked.clarify)
    places = _held_out(retrieval)
    if len(places) < FEWEST:
        raise SourceRefused(
            f"{path} has {len(places)} wordings ({retrieval.entries[0].language}) of questions "
            "that have several",
            expected=f"{FEWEST} or more, to calibrate on when to answer",
            cure="add rows with the id of an entry, another wording and no answer; or set "
            "thresholds.answer and thresholds.clarify",
        )
    rankings = [retrieval.find_without(place) for place in places]
    owners = [int(retrieval.owners[place]) for place in places]
    logit = Logit.fit([ranking.signals for ranking in rankings], owners, asked.outside)
    judged = [_by_logit(logit, ranking) for ranking in rankings]
    without = [
        _by_logit(logit, ranking, owner) for ranking, owner in zip(rankings, owners, strict=True)
    ]
    return _thresholds(logit, judged, without, owners, asked)


def _thresholds(
    logit: Logit,
    inside: Sequence[Judged],
    outside: Sequence[Judged],
    owners: Sequence[int],
    asked: Thresholds,
) -> Confidence:
    scores = np.array([one.confidence for one in (*inside, *outside)])
    right = [one.order[0] == owner for one, owner in zip(inside, owners, strict=True)]
    truth = np.array([*right, *(False for _ in outside)])
    counts = np.repeat([1 - asked.outside, asked.outside], len(inside)) / len(inside)
    answer = lowest(scores, truth, counts, asked.wrong)
    clarify = quantile(np.array([one.in_scope for one in inside]), asked.false_alarm)
    given = scores >= answer
    return Confidence(
        logit,
        answer,
        clarify,
        held_out=len(inside),
        answered=float(given[: len(inside)].mean()),
        wrong=float(counts @ (given & ~truth)),
    )


def lowest(scores: Floats, right: Flags, counts: Floats, wrong: float) -> float:
    """Return the lowest confidence from which on few enough answers are wrong; infinite if none is.

    ``counts`` are the messages' shares, and sum to one. One more message is taken to be answered
    wrongly: of n equal ones with k wrong answers, the risk is (k + 1) / (n + 1).
    """
    order = np.argsort(-scores, kind="stable")
    size = len(scores)
    risk = (np.cumsum(np.where(right, 0.0, counts)[order]) * size + 1) / (size + 1)
    # Equal scores are answered together, or not at all.
    ends = np.append(scores[order][1:] < scores[order][:-1], True)
    held = np.flatnonzero((risk <= wrong) & ends)
    return float(scores[order[held[-1]]]) if len(held) else math.inf


def quantile(scores: Floats, share: float) -> float:
    """Return the k-th smallest of n scores, k = floor(share * (n + 1)); 0 where k is 0."""
    place = math.floor(share * (len(scores) + 1) + 1e-9)
    return float(np.sort(scores)[place - 1]) if place else 0.0


def _by_logit(logit: Logit, ranking: Ranking, gone: int | None = None) -> Judged:
    found = logit.probabilities(ranking.signals, gone)
    order = np.argsort(-found[:-1], kind="stable")
    order = order[found[order] > 0]
    best = float(found[order[0]]) if len(order) else 0.0
    return Judged(tuple(order.tolist()), best, 1 - float(found[-1]))


def _by_rank(ranking: Ranking) -> Judged:
    order = np.argsort(-ranking.fused, kind="stable")
    order = order[ranking.fused[order] > 0]
    overlap = float(ranking.signals[order[0], OVERLAP]) if len(order) else 0.0
    return Judged(tuple(order.tolist()), overlap, overlap)


def _held_out(retrieval: Retrieval) -> list[int]:
    """Return the places of the wordings to hold out: of entries with others, evenly spread."""
    sizes = np.bincount(retrieval.owners)
    found = np.flatnonzero(sizes[retrieval.owners] > 1)
    if len(found) > MOST:
        found = found[np.linspace(0, len(found) - 1, MOST).astype(int)]
    return [int(place) for place in found]
