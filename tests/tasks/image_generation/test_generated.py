from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.bundle.image_generator import ImageGenerator
from assay.tasks.image_generation import baseline, generated, pictures, pixels
from assay.tasks.image_generation.settings import ImageGenerationEvaluate
from tests.tasks.image_generation import project as projects
from tests.tasks.image_generation.project import FILES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

CHOSEN = ImageGenerationEvaluate(samples=30, gaussians=2, bootstrap=100)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        projects.write()
        projects.exported(projects.settings(epochs=8, learning_rate=0.01), FILES.bundle)
    return folder


@pytest.fixture
def model(project: Path, monkeypatch: pytest.MonkeyPatch) -> ImageGenerator:
    monkeypatch.chdir(project)
    return ImageGenerator.open(FILES.bundle, threads=1)


def _splits() -> generated.Splits:
    chosen = projects.settings().train
    return generated.Splits(*(pixels.of_split(FILES, name, chosen) for name in ("train", "test")))


def test_images_are_compared_with_as_many_real_ones(model: ImageGenerator) -> None:
    splits = _splits()
    simple = baseline.fitted(splits.train, model, CHOSEN)
    found = generated.compared(model, splits, simple, CHOSEN)
    names = found.distances["images"].tolist()
    assert names == [
        "train images",
        "the model",
        "the model, each pixel drawn",
        *(one.name for one in simple),
    ]
    far = dict(zip(names, found.distances["frechet_distance"], strict=True))
    assert found.drawn.floor == far["train images"] == min(far.values())
    assert found.drawn.model == far["the model"]
    assert found.drawn.baseline == min(far[one.name] for one in simple)
    assert found.drawn.images == 30
    assert set(found.nearest["series"]) == {"generated", "held out"}
    again = generated.compared(model, splits, simple, CHOSEN)
    assert again.drawn == found.drawn


def test_the_report_shows_images_of_the_right_shape(model: ImageGenerator) -> None:
    splits = _splits()
    shown = pictures.shown(model, splits.train, splits.test, 3)
    assert [one.name for one in shown] == [
        "samples",
        "reconstructions",
        "interpolations",
        "walk",
        "neighbours",
    ]
    for one in shown:
        assert one.images.shape[1:] == model.shape
        assert len(one.images) % one.columns == 0
    originals = shown[1].images[0::2]
    assert (originals[0] == splits.test[0]).all()


def test_a_split_of_two_images_can_be_shown(model: ImageGenerator) -> None:
    splits = _splits()
    for one in pictures.shown(model, splits.train[:2], splits.test[:1], 3):
        assert len(one.images)
