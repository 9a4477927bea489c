from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assay.tasks.image_generation import baseline
from assay.tasks.image_generation.settings import ImageGenerationEvaluate
from tests.tasks.image_generation import project as projects

CHOSEN = ImageGenerationEvaluate(gaussians=2)
TRAIN = projects.images(200)[..., None]
TEST = projects.images(60, seed=5)[..., None]


def model(levels: int = 256, latents: int = 3) -> Any:
    """Return what is asked of a bundle: shape, latents and levels, and images as it sees them."""

    def seen(images: np.ndarray, _seed: int) -> np.ndarray:
        return images if levels == 256 else np.where(images < 100, 0, 255).astype(np.uint8)

    shape = TRAIN.shape[1:]
    return SimpleNamespace(dimensions=math.prod(shape), latents=latents, levels=levels, seen=seen)


def test_of_8_bit_images_there_are_three_simple_models() -> None:
    simple = baseline.fitted(TRAIN, model(), CHOSEN)
    assert [one.name for one in simple] == [
        "histograms of pixels",
        "3 principal components, one Gaussian",
        "3 principal components, 2 Gaussians",
    ]
    for one in simple:
        assert one.nats(TEST, 0).shape == (60,)
        drawn = one.sample(9, 4)
        assert drawn.shape == (9, *TRAIN.shape[1:])
        assert drawn.dtype == np.uint8
        assert np.array_equal(drawn, one.sample(9, 4))


def test_the_best_needs_the_fewest_nats_and_the_table_has_all() -> None:
    simple = baseline.fitted(TRAIN, model(), CHOSEN)
    best = baseline.best(simple, TEST, 0)
    table = baseline.table(simple, TEST, 0)
    assert best.name == table.sort_values("nats")["baseline"].iloc[0]
    # Half of the images are bright on either side: a histogram of single pixels can't know.
    assert best.name != "histograms of pixels"
    np.testing.assert_allclose(table["bits_per_dimension"], table["nats"] / np.log(2) / 64)


def test_of_binarised_images_histograms_alone_have_a_probability() -> None:
    (only,) = baseline.fitted(TRAIN, model(levels=2), CHOSEN)
    seen = model(levels=2).seen(TEST, 0)
    assert only.nats(seen, 0).mean() > -64
    assert set(np.unique(only.sample(20, 1))) <= {0, 255}


@pytest.mark.parametrize("change", [{"MOST_DIMENSIONS": 10}, {}])
def test_no_covariance_of_too_many_numbers_or_too_few_images(
    change: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in change.items():
        monkeypatch.setattr(baseline, name, value)
    train = TRAIN if change else TRAIN[:5]
    chosen = CHOSEN if change else ImageGenerationEvaluate(gaussians=6)
    assert len(baseline.fitted(train, model(), chosen)) == 1
