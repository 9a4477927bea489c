from __future__ import annotations

import numpy as np
import pytest
import torch

from assay.tasks.image_generation.prior import Prior
from tests.tasks.image_generation import made

pytestmark = pytest.mark.processor

LATENTS = 4


def noise(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(3)
    return torch.randn((count, LATENTS), generator=random), torch.rand(count, generator=random)


def test_its_density_is_that_of_the_mixture() -> None:
    mixture = made.mixture(LATENTS)
    latents = mixture.sample(200, np.random.default_rng(1))
    found = Prior(mixture).log_density(torch.from_numpy(latents).float())
    np.testing.assert_allclose(found.numpy(), mixture.log_density(latents), rtol=1e-4, atol=1e-4)


def test_each_row_comes_from_the_gaussian_that_its_number_chooses() -> None:
    mixture = made.mixture(LATENTS)
    normal, uniform = noise(300)
    found = Prior(mixture)(normal, uniform).numpy()
    which = np.searchsorted(np.cumsum(mixture.weights), uniform.numpy(), side="right")
    assert set(which) == {0, 1, 2}
    drawn = np.einsum("nij,nj->ni", mixture.roots[which], normal.numpy())
    np.testing.assert_allclose(found, mixture.means[which] + drawn, rtol=1e-5, atol=1e-5)


def test_the_largest_number_chooses_the_last_gaussian() -> None:
    mixture = made.mixture(LATENTS)
    last = torch.tensor([np.nextafter(np.float32(1), np.float32(0))])
    found = Prior(mixture)(torch.zeros((1, LATENTS)), last).numpy()
    np.testing.assert_allclose(found[0], mixture.means[-1], rtol=1e-6)


def test_the_standard_normal_prior_gives_the_noise_itself() -> None:
    normal, uniform = noise(20)
    assert torch.equal(made.standard(LATENTS)(normal, uniform), normal)
