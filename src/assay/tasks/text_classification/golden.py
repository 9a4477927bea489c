"""Made-up inputs of a text classifier: tokens of real texts, in an order that nobody wrote.

Reads and writes nothing. A bundle carries them (``assay.bundle.golden``), so they are of no text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.golden import ROWS
from assay.modalities.text.encoding import padded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.golden import Feeds

SEED = 16


def drawn(ids: Sequence[Sequence[int]]) -> list[Feeds]:
    """Return the feeds of :data:`ROWS` rows, each a batch of one.

    ``ids``: the token ids of texts, which begin and end with a special token. Lengths are evenly
    spread over theirs, tokens drawn from all of theirs.
    """
    random = np.random.default_rng(SEED)
    inner = np.array([token for row in ids for token in row[1:-1]], dtype=np.int64)
    by_length = sorted(ids, key=len)
    chosen = [by_length[place] for place in np.linspace(0, len(ids) - 1, ROWS).astype(int)]
    return [padded([[row[0], *_tokens(random, inner, len(row) - 2), row[-1]]]) for row in chosen]


def _tokens(
    random: np.random.Generator, inner: np.ndarray[tuple[int], np.dtype[np.int64]], count: int
) -> list[int]:
    return random.choice(inner, count).tolist() if count > 0 and len(inner) else []
