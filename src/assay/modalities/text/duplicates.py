"""Near duplicates among texts, all of them: an exact join over character 5-grams.

Reads and writes nothing. Two sets whose Jaccard similarity reaches ``t`` share at least one of the
``n - ceil(t n) + 1`` rarest members of each (the prefix filter: Chaudhuri, Ganti and Kaushik,
"A primitive operator for similarity joins in data cleaning", ICDE 2006; Bayardo, Ma and Srikant,
"Scaling up all pairs similarity search", WWW 2007). Looking pairs up by those alone misses none,
where MinHash would miss some at the threshold, and is faster here.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from assay.progress import track

if TYPE_CHECKING:
    from collections.abc import Sequence

GRAM = 5


def grams(text: str) -> set[str]:
    """Return a text's character 5-grams; a shorter text is its own single gram."""
    if len(text) <= GRAM:
        return {text}
    return {text[start : start + GRAM] for start in range(len(text) - GRAM + 1)}


def jaccard(left: set[int], right: set[int]) -> float:
    """Return the share of grams that two sets have in common, 0 to 1."""
    common = len(left & right)
    return common / (len(left) + len(right) - common)


def earlier_neighbours(texts: Sequence[str], threshold: float) -> list[list[int]]:
    """Return for each text the positions of all earlier ones whose similarity reaches it.

    ``texts`` are normalised and distinct; ``threshold`` is a Jaccard similarity above 0.
    """
    ranked = _ranked([grams(text) for text in texts])
    sets = [set(own) for own in ranked]
    seen: defaultdict[int, list[int]] = defaultdict(list)
    found: list[list[int]] = []
    for position, own in enumerate(track("near duplicates", ranked)):
        # The slack keeps 0.8 * 5 = 4.000000000000001 from asking for one gram too many.
        needed = math.ceil(threshold * len(own) - 1e-9)
        rarest = own[: len(own) - needed + 1]
        candidates = {other for gram in rarest for other in seen[gram]}
        found.append(
            [
                other
                for other in sorted(candidates)
                # Sets of too different sizes can't be alike: no need to intersect them.
                if needed <= len(sets[other]) <= len(own) / threshold + 1e-9
                and jaccard(sets[position], sets[other]) >= threshold
            ]
        )
        for gram in rarest:
            seen[gram].append(position)
    return found


def _ranked(sets: Sequence[set[str]]) -> list[list[int]]:
    """Return each set as ascending ranks of its members, the rarest of all sets being 0."""
    # Ties fall as they may: the order decides how fast the join is, never what it finds.
    common_first = Counter(chain.from_iterable(sets)).most_common()
    rank = {gram: place for place, (gram, _) in enumerate(reversed(common_first))}
    return [sorted(rank[gram] for gram in own) for own in sets]
