from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.gateways.sources.images import png
from assay.tasks.image_generation import prior_fitting
from tests.tasks.image_generation import project as projects
from tests.tasks.image_generation.project import FILES, SIDE

if TYPE_CHECKING:
    from pathlib import Path

    from assay.tasks.image_generation.prior_fitting import FittedPrior

pytestmark = pytest.mark.processor

LATENTS = 3
IMAGES = projects.ROWS["train"]


class Sides(nn.Module):
    """An encoder whose latents are known: how bright an image is on the left and on the right."""

    def forward(self, pixels: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return two clusters of latents (B, Z) for images that are bright on one side."""
        halves = pixels.float().reshape(-1, SIDE, 2, SIDE // 2).mean(dim=(1, 3)) / 20 - 4
        return torch.cat([halves, torch.zeros_like(halves[:, :1])], dim=1) + 0.3 * noise


@functools.cache
def encoder() -> Session:
    inputs = {
        "pixels": torch.zeros((2, SIDE, SIDE, 1), dtype=torch.uint8),
        "noise": torch.zeros((2, LATENTS)),
    }
    axes = {name: {0: "batch"} for name in (*inputs, "latents")}
    return Session(gateway.serialize(gateway.from_torch(Sides(), inputs, axes, ["latents"]), {}), 1)


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a project of images that are bright on one side of two."""
    monkeypatch.chdir(tmp_path)
    projects.write()


def fitted(gaussians: int) -> FittedPrior:
    settings = projects.settings(latents=LATENTS)
    export = settings.export.model_copy(update={"prior_gaussians": gaussians})
    return prior_fitting.fitted(settings.model_copy(update={"export": export}), FILES, encoder())


def write_sides(train_left: bool) -> None:
    """Write a train and a validation split; the latter is bright on the right alone."""
    both = projects.images(400)
    left = both[:, :, : SIDE // 2].mean(axis=(1, 2)) > both[:, :, SIDE // 2 :].mean(axis=(1, 2))
    for name, images in (("train", both[left == train_left]), ("validation", both[~left])):
        ids = [f"{name} {row}" for row in range(len(images))]
        table = pd.DataFrame({"id": ids, "image": list(map(png, images)), "given": None})
        table.to_parquet(FILES.split(name))


def test_the_prior_is_the_mixture_that_latents_come_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = fitted(2)
    assert (found.gaussians, len(found.mixture.weights)) == (2, 2)
    sides = found.mixture.means[np.argsort(found.mixture.means[:, 0]), :2]
    np.testing.assert_allclose(sides, [[-3, 4.5], [4.5, -3]], atol=0.3)
    said = capsys.readouterr().err
    assert "the prior is a mixture of 2 Gaussians, fitted to latents of train images" in said
    assert "of 40 validation images" in said
    assert np.array_equal(found.mixture.roots, fitted(2).mixture.roots)


def test_a_mixture_that_knows_its_train_images_by_heart_gives_way_to_a_smaller_one() -> None:
    """With a Gaussian for every second image, latents of other images are improbable."""
    assert 2 <= fitted(IMAGES).gaussians < IMAGES // 4


def test_images_that_are_alike_need_one_gaussian(capsys: pytest.CaptureFixture[str]) -> None:
    write_sides(train_left=False)
    assert fitted(2).gaussians == 1
    assert "the prior is one Gaussian, fitted" in capsys.readouterr().err


def test_where_validation_images_are_others_the_prior_is_that_of_the_training(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_sides(train_left=True)
    found = fitted(10)
    assert (found.gaussians, len(found.mixture.weights)) == (0, 1)
    assert "the prior is the standard normal distribution" in capsys.readouterr().err


def test_without_gaussians_the_prior_is_that_of_the_training() -> None:
    found = fitted(0)
    assert (found.gaussians, len(found.mixture.weights)) == (0, 1)
    assert np.array_equal(found.mixture.roots[0], np.eye(LATENTS))
