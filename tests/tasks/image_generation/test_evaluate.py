from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay import records
from assay.errors import DataRefused
from assay.paths import ModelPaths
from assay.records import Evaluation
from assay.tasks.image_generation import evaluate as module
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


@pytest.fixture
def predictions(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.chdir(made.built_image_generator(checkpoint))
    return pd.read_parquet(FILES.predictions)


def test_every_test_image_has_its_cost_and_some_their_bound(predictions: pd.DataFrame) -> None:
    assert "image" not in predictions
    assert predictions["negative_elbo"].notna().all()
    assert predictions["reconstruction_error"].between(0, 1).all()
    found = records.read(FILES.metrics, Evaluation)
    for column, metric in (
        ("bits_per_dimension", found.metric("bits_per_dimension").value),
        ("baseline_bits_per_dimension", found.metric("bits_per_dimension").baseline),
    ):
        bounded = predictions[column].dropna()
        assert len(bounded) == 40
        assert bounded.mean() == pytest.approx(metric, abs=1e-5)
    error = found.metric("reconstruction_error").value
    assert predictions["reconstruction_error"].mean() == pytest.approx(error, abs=1e-5)


def test_a_looser_bound_costs_more(predictions: pd.DataFrame) -> None:
    found = records.read(FILES.metrics, Evaluation)
    bound, elbo = (found.metric(name).value for name in ("negative_bound", "negative_elbo"))
    assert (bound or 0) < (elbo or 0)
    assert predictions["negative_elbo"].mean() == pytest.approx(elbo, rel=0.05)


@pytest.mark.parametrize(("there", "least"), [(0, 1), (1, 2)])
def test_a_split_with_too_few_images_is_refused(there: int, least: int) -> None:
    with pytest.raises(DataRefused, match=f"images in the test split: {there}") as refusal:
        module.require_images(np.zeros((there, 8, 8, 1), np.uint8), "test", least)
    assert f"{least} or more" in refusal.value.expected
