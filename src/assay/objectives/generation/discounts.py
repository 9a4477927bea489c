"""Discounts of modified Kneser-Ney smoothing, from how many n-grams were counted how often.

Reads and writes nothing. Knows counts alone, neither tokens nor contexts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

# For counts of 0, 1, 2, and 3 or more. KenLM's, where the formula gives none (`lmplz
# --discount_fallback`, https://github.com/kpu/kenlm).
FALLBACK = (0.0, 0.5, 1.0, 1.5)


def discounts(counts: Ints) -> Floats:
    """Return what is subtracted from each count, shape as ``counts``; 0 from a count of 0.

    With ``n_j`` n-grams of count ``j`` and ``Y = n_1 / (n_1 + 2 n_2)``, counts of 1, of 2, and of
    3 or more lose ``1 - 2 Y n_2 / n_1``, ``2 - 3 Y n_3 / n_2`` and ``3 - 4 Y n_4 / n_3`` (Chen and
    Goodman 1999, "An empirical study of smoothing techniques for language modeling", section 3). No
    discount exceeds its count. They are undefined where ``n_1``, ``n_2`` or ``n_3`` is 0, and of no
    use where one is not above 0: it would leave nothing for unseen tokens. Few distinct n-grams,
    such as single characters, are often so; then all three are those of :data:`FALLBACK`.

    Args:
        counts: of all n-grams of one order, 0 or more.

    """
    capped = np.minimum(counts, 5)
    ones, twos, threes, fours = (int(n) for n in np.bincount(capped, minlength=6)[1:5])
    lost = np.array(FALLBACK)
    if ones and twos and threes:
        share = ones / (ones + 2 * twos)
        estimates = np.array(
            [
                0.0,
                1 - 2 * share * twos / ones,
                2 - 3 * share * threes / twos,
                3 - 4 * share * fours / threes,
            ]
        )
        if estimates[1:].min() > 0:
            lost = estimates
    return lost[np.minimum(counts, 3)]
