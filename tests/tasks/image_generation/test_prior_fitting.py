from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.tasks.image_generation import IMAGE_GENERATION, checkpoint, graph, prior_fitting
from tests import trainings
from tests.tasks.image_generation import project as projects
from tests.tasks.image_generation.project import FILES

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.image_generation.prior_fitting import FittedPrior
    from assay.tasks.image_generation.settings import ImageGenerationModel

pytestmark = pytest.mark.processor


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with a checkpoint whose latents are far from the standard normal prior."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        projects.write()
        trainings.train(
            IMAGE_GENERATION, projects.settings(epochs=12, beta=0.02), FILES, FILES.checkpoint.name
        )
    return folder


@pytest.fixture(autouse=True)
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


def fitted(gaussians: int, **changes: Any) -> FittedPrior:
    settings = _with(projects.settings(**changes), gaussians)
    encoder = gateway.serialize(graph.encoder(checkpoint.read(FILES.checkpoint)), {})
    return prior_fitting.fitted(settings, FILES, Session(encoder, 1))


def _with(settings: ImageGenerationModel, gaussians: int) -> ImageGenerationModel:
    export = settings.export.model_copy(update={"prior_gaussians": gaussians})
    return settings.model_copy(update={"export": export})


def test_a_mixture_that_is_likelier_on_validation_images_is_the_prior(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = fitted(2)
    assert (found.gaussians, len(found.mixture.weights)) == (2, 2)
    assert found.mixture.means.shape == (2, 3)
    assert "of 40 validation images" in capsys.readouterr().err
    again = fitted(2)
    assert np.array_equal(found.mixture.roots, again.mixture.roots)


def test_without_gaussians_the_prior_is_that_of_the_training() -> None:
    found = fitted(0)
    assert (found.gaussians, len(found.mixture.weights)) == (0, 1)
    assert np.array_equal(found.mixture.roots[0], np.eye(3))


def test_as_many_gaussians_as_train_images_are_not_fitted() -> None:
    assert fitted(projects.ROWS["train"]).gaussians == 0


def test_a_mixture_that_knows_its_train_images_by_heart_is_not_taken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With a Gaussian for every second image, latents of other images are improbable."""
    assert fitted(projects.ROWS["train"] // 2).gaussians == 0
    assert "by a mixture of 80 Gaussians" in capsys.readouterr().err
