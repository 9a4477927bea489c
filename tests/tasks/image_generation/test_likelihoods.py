from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from assay.tasks.image_generation.likelihoods import (
    LIKELIHOODS,
    NARROWEST,
    WIDEST,
    binarised,
)

LOGISTIC, BERNOULLI = LIKELIHOODS["logistic"], LIKELIHOODS["bernoulli"]


def logistic(location: float, log_scale: float, count: int) -> torch.Tensor:
    """Return parameters of ``count`` images of one number, shape (count, 2, 1, 1, 1)."""
    return torch.tensor([location, log_scale]).view(1, 2, 1, 1, 1).repeat(count, 1, 1, 1, 1)


def every_level() -> torch.Tensor:
    return torch.arange(256.0).view(256, 1, 1, 1)


@pytest.mark.parametrize("location", [-3.0, -1.0, -0.3, 0.001, 0.999, 1.7])
@pytest.mark.parametrize("log_scale", [-9.0, -7.0, -3.0, 0.0, 4.0])
def test_probabilities_of_all_levels_sum_to_one(location: float, log_scale: float) -> None:
    found = LOGISTIC.log_probability(logistic(location, log_scale, 256), every_level())
    assert float(found.double().exp().sum()) == pytest.approx(1, abs=2e-5)


@pytest.mark.parametrize("location", [-0.9, 0.2])
@pytest.mark.parametrize("log_scale", [NARROWEST, -4.0, -2.0, 1.0, WIDEST])
def test_a_level_has_the_probability_of_its_bin(location: float, log_scale: float) -> None:
    """Against scipy in 64 bits: of the tail on its own side, so that nothing is lost there."""
    found = LOGISTIC.log_probability(logistic(location, log_scale, 256), every_level()).numpy()
    edges = (np.arange(257) - 0.5) / 127.5 - 1
    edges[[0, -1]] = -np.inf, np.inf
    law = stats.logistic(location, np.exp(log_scale))
    upper = edges[:-1] > location
    expected = np.where(
        upper,
        law.sf(edges[:-1]) - law.sf(edges[1:]),
        law.cdf(edges[1:]) - law.cdf(edges[:-1]),
    )
    known = expected > 1e-290
    assert known.sum() > 90
    np.testing.assert_allclose(found[known], np.log(expected[known]), rtol=2e-5, atol=1e-4)


def test_gradients_are_finite_wherever_the_level_is() -> None:
    for location, log_scale in ((-50.0, -7.0), (0.0, -7.0), (80.0, 3.0), (0.5, 20.0)):
        parameters = logistic(location, log_scale, 256).requires_grad_()
        found = LOGISTIC.log_probability(parameters, every_level())
        assert found.isfinite().all()
        found.sum().backward()  # type: ignore[no-untyped-call]
        assert parameters.grad is not None
        assert parameters.grad.isfinite().all()


def test_samples_of_the_logistic_are_as_frequent_as_it_says() -> None:
    parameters = logistic(-0.8, -2.0, 100_000)
    uniform = torch.rand(100_000, 1, 1, 1, generator=torch.Generator().manual_seed(1))
    drawn = LOGISTIC.sample(parameters, uniform).long().flatten()
    shares = torch.bincount(drawn, minlength=256) / 100_000
    expected = LOGISTIC.log_probability(logistic(-0.8, -2.0, 256), every_level()).exp()
    np.testing.assert_allclose(shares.numpy(), expected.numpy(), atol=0.003)
    assert expected[0] > 0.1, "of what lies below 0"


def test_noise_at_its_ends_is_a_level() -> None:
    uniform = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)
    drawn = LOGISTIC.sample(logistic(0.0, 0.0, 2), uniform)
    assert drawn.flatten().tolist() == [0, 255]


@pytest.mark.parametrize(("location", "level"), [(-1.0, 0), (1.0, 255), (-5.0, 0), (1 / 255, 128)])
def test_the_picture_of_a_logistic_is_its_median(location: float, level: int) -> None:
    parameters = logistic(location, -3.0, 256)
    assert LOGISTIC.picture(parameters)[0].item() == level
    below = LOGISTIC.log_probability(parameters, every_level()).double().exp().cumsum(0)
    assert int((below < 0.5 - 1e-6).sum()) == level


def test_bernoulli_probabilities_are_those_of_independent_numbers() -> None:
    logits = torch.tensor([[-2.0, 0.5], [30.0, -90.0]]).view(1, 1, 1, 2, 2)
    levels = torch.tensor([[255.0, 0.0], [255.0, 0.0]]).view(1, 1, 2, 2)
    p = 1 / (1 + np.exp([2.0, -0.5]))
    expected = np.log(p[0]) + np.log(1 - p[1])
    assert BERNOULLI.log_probability(logits, levels).item() == pytest.approx(expected, rel=1e-6)
    wrong = BERNOULLI.log_probability(logits, 255 - levels).item()
    assert wrong == pytest.approx(np.log(1 - p[0]) + np.log(p[1]) - 120, rel=1e-6)


def test_samples_and_picture_of_bernoulli() -> None:
    logits = torch.full((20_000, 1, 1, 1, 1), -1.0)
    uniform = torch.rand(20_000, 1, 1, 1, generator=torch.Generator().manual_seed(1))
    drawn = BERNOULLI.sample(logits, uniform)
    assert set(drawn.flatten().tolist()) == {0, 255}
    share = 1 / (1 + np.e)
    assert drawn.mean().item() / 255 == pytest.approx(share, abs=0.01)
    assert BERNOULLI.picture(logits)[0].item() == round(255 * share)


def test_binarised_images_are_bright_as_often_as_the_level_says() -> None:
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).repeat(20_000, 1)
    uniform = torch.rand(20_000, 3, generator=torch.Generator().manual_seed(1))
    found = binarised(pixels, uniform)
    assert found.dtype == torch.uint8
    assert set(found.flatten().tolist()) == {0, 255}
    shares = (found == 255).double().mean(dim=0).tolist()
    assert shares == [0, pytest.approx(0.2, abs=0.01), 1]
