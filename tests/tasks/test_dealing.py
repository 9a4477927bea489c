from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.errors import DataRefused
from assay.tasks.dealing import dealt, describe, hashed_share, refuse_hollow


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
    sides = [dealt(share, validation=0.25, test=0.125) for share in shares]
    assert sides == ["test", "test", "validation", "validation", "train", "train"]
    assert dealt(0.0, validation=0.25, test=0.0) == "validation"


def test_a_split_is_described_by_its_rows_in_all_and_by_label() -> None:
    assert describe(pd.Series(["b", "a", "b"])) == {"rows": 3, "labels": {"a": 1, "b": 2}}


def test_a_label_without_a_row_to_learn_from_is_refused() -> None:
    labels, place = pd.Series(["a", "b", "a"]), pd.Series(["train", "test", "validation"])
    with pytest.raises(DataRefused, match="no image to learn from is left for b"):
        refuse_hollow(labels, place, ["a", "b"], "image")


def test_an_empty_split_is_refused() -> None:
    labels, place = pd.Series(["a", "b"]), pd.Series(["train", "train"])
    with pytest.raises(DataRefused, match="2 distinct rows leave the split validation and test"):
        refuse_hollow(labels, place, ["a", "b"], "row")
