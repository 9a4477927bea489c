"""Modified Kneser-Ney smoothing as the papers write it: dictionaries and recursion, slow."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

START = "start"
Gram = tuple[object, ...]


class PlainKneserNey:
    """Fitted to documents of ids 0 to ``size - 1`` that ``end`` closes."""

    def __init__(self, documents: Sequence[Sequence[int]], size: int, order: int, end: int) -> None:
        self.size, self.order = size, order
        self.documents = [(START, *document, end) for document in documents]

    @cached_property
    def occurrences(self) -> list[Counter[Gram]]:
        """How often each n-gram stands in the documents, by its length."""
        found: list[Counter[Gram]] = [Counter() for _ in range(self.order + 1)]
        for document in self.documents:
            for length in range(1, self.order + 1):
                for first in range(len(document) - length + 1):
                    gram = document[first : first + length]
                    if gram[-1] != START:
                        found[length][gram] += 1
        return found

    @cached_property
    def counts(self) -> list[Counter[Gram]]:
        """The counts of smoothing: of lower orders the distinct tokens before an n-gram."""
        found = list(self.occurrences)
        for length in range(1, self.order):
            before = Counter(gram[1:] for gram in self.occurrences[length + 1])
            found[length] = Counter(
                {
                    gram: count if gram[0] == START else before[gram]
                    for gram, count in self.occurrences[length].items()
                }
            )
        return found

    @cached_property
    def lost(self) -> list[tuple[float, float, float]]:
        """The three discounts of each order."""
        found = []
        for counts in self.counts:
            times = Counter(counts.values())
            one, two, three, four = (times[count] for count in (1, 2, 3, 4))
            discounts = (0.5, 1.0, 1.5)
            if one and two and three:
                y = one / (one + 2 * two)
                own = (1 - 2 * y * two / one, 2 - 3 * y * three / two, 3 - 4 * y * four / three)
                discounts = own if min(own) > 0 else discounts
            found.append(discounts)
        return found

    @cached_property
    def followers(self) -> dict[Gram, list[int]]:
        """The counts of all n-grams that begin with a context."""
        found: dict[Gram, list[int]] = {}
        for counts in self.counts:
            for gram, count in counts.items():
                found.setdefault(gram[:-1], []).append(count)
        return found

    def probability(self, token: int, context: Gram) -> float:
        """Return that of a token after a context of fewer than ``order`` tokens."""
        lower = self.probability(token, context[1:]) if context else 1 / self.size
        if context not in self.followers:
            return lower
        length = len(context) + 1
        following = self.followers[context]
        count = self.counts[length][(*context, token)]
        left = sum(self.lost[length][min(each, 3) - 1] for each in following)
        own = count - self.lost[length][min(count, 3) - 1] if count else 0.0
        return (own + left * lower) / sum(following)
