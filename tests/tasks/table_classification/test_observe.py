"""Rows are measured for drift as the model takes their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.paths import ModelPaths
from assay.tasks import registry
from assay.tasks.table_classification import TABLE_CLASSIFICATION
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FILES = ModelPaths(made.MODEL)


def test_a_word_for_nothing_is_missing_in_numbers_and_categories(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.built_table(checkpoint))
    table = pd.DataFrame(
        {
            "age": ["40", "?", None],
            "debt": ["12.5", "1e3", ""],
            "job": ["nurse", "?", None],
            "branch": ["north", "south", "north"],
        }
    )
    settings = registry.load_model(made.MODEL)
    found = TABLE_CLASSIFICATION.observe(settings, FILES.bundle, table)  # type: ignore[arg-type]
    assert set(found) == {"output: no", *(f"column: {name}" for name in table)}
    np.testing.assert_array_equal(found["column: age"], [40, np.nan, np.nan])
    np.testing.assert_array_equal(found["column: debt"], [12.5, 1000, np.nan])
    assert found["column: job"] == {"nurse": 1, "": 2}
    assert found["column: branch"] == {"north": 2, "south": 1}
