from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.bundle.image_generator import ImageGenerator
from assay.paths import ModelPaths
from assay.tasks.image_generation.scored import costs, spread
from assay.tasks.image_generation.settings import ImageGenerationEvaluate
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


@pytest.mark.parametrize(("rows", "most"), [(10, 100), (10, 10), (1000, 7), (1, 5)])
def test_places_are_evenly_spread_and_each_once(rows: int, most: int) -> None:
    found = spread(rows, most)
    assert len(set(found.tolist())) == len(found) == min(rows, most)
    assert found[0] == 0
    assert found[-1] == rows - 1


def test_costs_are_those_of_some_images_evenly_spread(checkpoint: Path) -> None:
    bundle = made.built_image_generator(checkpoint) / ModelPaths(made.MODEL).bundle
    model = ImageGenerator.open(bundle, threads=1)
    images = np.random.default_rng(0).integers(0, 256, (30, *model.shape), dtype=np.uint8)
    chosen = ImageGenerationEvaluate(bound_images=10, bound_samples=4)
    found = costs(model, images, chosen)
    assert found.nats.shape == (10,)
    assert (found.size == 144).all()
    alone = costs(model, images[spread(30, 10)], chosen)
    assert np.array_equal(found.nats, alone.nats)
