"""The span of an answer that is quoted: all of it, or the sentences that fit a message best.

Reads and writes nothing. What is quoted stands in the answer as it is, from ``start`` to ``end``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.applications.customer_service import grounding, terms
from assay.applications.customer_service.turn import Quote

if TYPE_CHECKING:
    from assay.applications.customer_service.knowledge import Entry


def quote(entry: Entry, message: str, longest: int) -> Quote:
    """Return a quote of an entry's answer.

    It is the whole answer, or, where that has more than ``longest`` characters, neighbouring
    sentences that have no more: those with the most terms of the message, the first of such. A
    sentence that is longer by itself is not cut.
    """
    start, end = _span(entry.answer, set(terms.of(message)), longest)
    return Quote(entry.id, entry.question, entry.answer[start:end], start, end)


def _span(answer: str, asked: set[str], longest: int) -> tuple[int, int]:
    whole = (len(answer) - len(answer.lstrip()), len(answer.rstrip()))
    if whole[1] - whole[0] <= longest:
        return whole
    places = grounding.sentences(answer)
    best, most = places[0], -1
    for first, (start, end) in enumerate(places):
        fitting = [later for _, later in places[first + 1 :] if later - start <= longest]
        end = max([end, *fitting])
        shared = len(asked & set(terms.of(answer[start:end])))
        if shared > most:
            best, most = (start, end), shared
    return best
