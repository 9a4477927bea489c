from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.gateways.sources.images import png
from assay.paths import ModelPaths
from assay.tasks import registry
from assay.tasks.image_generation.observe import observe
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

FILES = ModelPaths(made.MODEL)


def test_images_unlike_the_train_split_cost_more(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.built_image_generator(checkpoint))
    settings: object = registry.load_model(made.MODEL)
    raw = pd.read_parquet(FILES.raw).head(20)
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 30), dtype=np.uint8)
    strange = pd.DataFrame({"image": [png(one) for one in noise]})
    usual, other = (
        observe(settings, FILES.bundle, table)  # type: ignore[arg-type]
        for table in (raw, strange)
    )
    assert set(usual) == set(other) == {"output: bits per dimension", "brightness", "contrast"}
    for values in usual.values():
        assert isinstance(values, np.ndarray)
        assert values.dtype == np.float64
        assert values.shape == (20,)
    cost = "output: bits per dimension"
    assert np.median(np.asarray(other[cost])) > np.median(np.asarray(usual[cost]))
