from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from assay.objectives.classification.targets import targets

LABELS = ("bad", "good")


def _rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "label": ["good", "bad", "good"],
            "target_bad": [0.25, 0.9, None],
            "target_good": [0.75, 0.3, None],
        }
    )


def test_probabilities_sum_to_one_and_missing_ones_are_certain() -> None:
    found = targets(_rows(), LABELS, soft=True)
    assert found.dtype == np.float32
    expected = np.array([[0.25, 0.75], [0.75, 0.25], [0, 1]])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_without_the_columns_or_when_told_so_classes_are_learned() -> None:
    rows = _rows()
    assert targets(rows, LABELS, soft=False).tolist() == [1, 0, 1]
    assert targets(rows[["label", "target_bad"]], LABELS, soft=True).tolist() == [1, 0, 1]
    assert targets(rows, LABELS, soft=False).dtype == np.int64


def test_certain_probabilities_and_classes_give_one_loss() -> None:
    rows = _rows()[["label"]]
    hard = torch.from_numpy(targets(rows, LABELS, soft=True))
    soft = torch.eye(2)[hard]
    logits = torch.tensor([[0.3, -0.2], [1.0, 2.0], [0.0, 0.5]])
    loss = torch.nn.functional.cross_entropy
    assert torch.allclose(loss(logits, hard), loss(logits, soft))
