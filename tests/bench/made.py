"""A page with two places for tables, and rows of text: for the tests of the benchmarks."""

from __future__ import annotations

import numpy as np
import pandas as pd

WORDS = """# Figures

Some words.

<!-- bench:one -->
old
<!-- /bench:one -->

More — words.

<!-- bench:two -->
<!-- /bench:two -->
The end, without a newline."""


def rows_of_text(count: int) -> pd.DataFrame:
    """Return so many rows of a few words, labelled in turns."""
    random = np.random.default_rng(0)
    words = np.array(["good", "bad", "film", "the", "was", "a", "very", "it"])
    return pd.DataFrame(
        {
            "id": [str(place) for place in range(count)],
            "text": [" ".join(random.choice(words, size=3 + place % 9)) for place in range(count)],
            "label": [("negative", "neutral", "positive")[place % 3] for place in range(count)],
            "domain": "film",
        }
    )
