from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.errors import DataRefused
from assay.modalities.assignment import hashed_share, require_no_empty_split, split_of


def test_a_hashed_share_is_even_and_hangs_on_text_and_seed_alone() -> None:
    shares = np.array([hashed_share(f"text {number}", 13) for number in range(4000)])
    assert shares.min() >= 0
    assert shares.max() < 1
    counts, _ = np.histogram(shares, bins=10, range=(0, 1))
    assert np.abs(counts - 400).max() < 5 * np.sqrt(400 * 0.9)
    assert hashed_share("text", 13) == hashed_share("text", 13)
    assert hashed_share("text", 13) != hashed_share("text", 14)
    # Written down: another number would move every row of every project.
    assert hashed_share("a wonderful film", 13) == pytest.approx(0.4350207, abs=1e-6)


def test_a_share_falls_to_test_then_validation_then_train() -> None:
    shares = (0.0, 0.124, 0.125, 0.374, 0.375, 0.999)
    sides = [split_of(share, validation=0.25, test=0.125) for share in shares]
    assert sides == ["test", "test", "validation", "validation", "train", "train"]
    assert split_of(0.0, validation=0.25, test=0.0) == "validation"


def test_an_empty_split_is_refused() -> None:
    place = pd.Series(["train", "train"])
    with pytest.raises(DataRefused, match="2 distinct rows leave the split validation and test"):
        require_no_empty_split(place, "row")
    require_no_empty_split(pd.Series(["train", "test", "validation"]), "row")
