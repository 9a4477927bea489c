"""How often the right entry is found for a question in other words: by words, meanings, both.

Reads the bank's questions (``ASSAY_MIRROR``), BANKING77, and the example company's knowledge file.
Writes nothing. A question is held apart where other questions have its answer: it is asked, and is
not in the index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assay.applications.customer_service.knowledge import Entry
from assay.applications.customer_service.logit import Logit
from assay.applications.customer_service.retrieval import NEAR, Retrieval, reciprocal
from assay.gateways import sources
from assay.gateways.sources import bank_faq

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from assay.applications.customer_service.retrieval import Encoder, Ranking

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# Of BANKING77's intents, so many questions stand in the index, and so many others are asked.
WORDINGS, ASKED = 10, 13
BEST = (1, 3)


@dataclass(frozen=True)
class Found:
    """How one way to rank did.

    Attributes:
        way: what it is.
        asked: how many questions.
        recall: the share whose entry is the first, and among the first three.
        mrr: the mean of 1 / rank.

    """

    way: str
    asked: int
    recall: tuple[float, ...]
    mrr: float


def bank() -> tuple[Entry, ...]:
    """Return the bank's answers, each with all questions that have it, white space aside."""
    table = bank_faq.bank_faq()
    table["question"] = table["question"].str.split().str.join(" ")
    table["answer"] = table["answer"].str.split().str.join(" ").str.replace(" .", ".")
    table = table.drop_duplicates("question")
    groups = table.groupby("answer", sort=False)["question"]
    return tuple(
        Entry(str(place), questions.iloc[0], tuple(questions), str(answer), "en", None)
        for place, (answer, questions) in enumerate(groups)
    )


def banking77() -> tuple[tuple[Entry, ...], list[tuple[str, int]]]:
    """Return an entry an intent, without a telling answer, and questions that are not in them."""
    table = sources.texts("banking77")
    entries, asked = [], []
    for place, (label, rows) in enumerate(table.groupby("label", sort=True)):
        texts = rows["text"].drop_duplicates().tolist()
        wordings = tuple(texts[:WORDINGS])
        entries.append(Entry(str(label), wordings[0], wordings, "-", "en", str(label)))
        asked += [(text, place) for text in texts[WORDINGS : WORDINGS + ASKED]]
    return tuple(entries), asked


def held_out(entries: Sequence[Entry], encode: Encoder) -> list[Found]:
    """Return how each way does on every wording of an entry that has others, held apart."""
    retrieval = Retrieval(entries, encode)
    places = [
        place for place, owner in enumerate(retrieval.owners) if len(entries[owner].wordings) > 1
    ]
    rankings = [retrieval.find_without(place) for place in places]
    words = [_words(retrieval, place) for place in places]
    return _ways(rankings, words, [int(retrieval.owners[place]) for place in places])


def apart(
    entries: Sequence[Entry], asked: Sequence[tuple[str, int]], encode: Encoder
) -> list[Found]:
    """Return how each way does on questions that are in no entry, with the place of the right."""
    retrieval = Retrieval(entries, encode)
    rankings = [retrieval.find(text) for text, _ in asked]
    words = [_best(retrieval, retrieval.bm25.scores(text)) for text, _ in asked]
    return _ways(rankings, words, [place for _, place in asked])


def _words(retrieval: Retrieval, place: int) -> Floats:
    scores = retrieval.bm25.scores(retrieval.wordings[place])
    scores[place] = 0.0
    return _best(retrieval, scores)


def _best(retrieval: Retrieval, scores: Floats) -> Floats:
    asked, answers = np.split(scores, [len(retrieval.wordings)])
    return np.maximum(np.maximum.reduceat(asked, retrieval.starts), answers)


def _ways(
    rankings: Sequence[Ranking], words: Sequence[Floats], right: Sequence[int]
) -> list[Found]:
    near = [ranking.signals[:, NEAR] for ranking in rankings]
    return [
        _found("BM25 alone", [reciprocal(one) for one in words], right),
        _found("embeddings alone", [one + 1 for one in near], right),
        _found("reciprocal rank of both", [one.fused for one in rankings], right),
        _found("weighed signals", _weighed(rankings, right), right),
    ]


def _weighed(rankings: Sequence[Ranking], right: Sequence[int]) -> list[Floats]:
    """Return the probabilities by weights that were fitted on the questions of other entries."""
    odd = np.array(right) % 2 == 1
    found: list[Floats] = [np.empty(0)] * len(rankings)
    for fold in (odd, ~odd):
        others = np.flatnonzero(~fold).tolist()
        logit = Logit.fit(
            [rankings[place].signals for place in others],
            [right[place] for place in others],
            none=0.2,
        )
        for place in np.flatnonzero(fold).tolist():
            found[place] = logit.probabilities(rankings[place].signals)[:-1]
    return found


def _found(way: str, scores: Iterable[Floats], right: Sequence[int]) -> Found:
    """Return the figures of scores; what has none is found by no rank."""
    ranks = np.array([_rank(one, place) for one, place in zip(scores, right, strict=True)])
    recall = tuple(float((ranks <= best).mean()) for best in BEST)
    return Found(way, len(ranks), recall, float((1 / ranks).mean()))


def _rank(scores: Floats, right: int) -> float:
    """Return the rank of the right one, after all that are as good; infinite of one without."""
    if scores[right] <= 0:
        return np.inf
    return float((scores >= scores[right]).sum())
