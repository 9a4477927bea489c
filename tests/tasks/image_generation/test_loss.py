from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from assay.tasks.image_generation.loss import annealed, loss, measured
from tests.tasks.image_generation import made

if TYPE_CHECKING:
    from assay.tasks.image_generation.sizes import Sizes

pytestmark = pytest.mark.processor

SIZES = made.SIZES[0]


def test_it_is_the_mean_negative_evidence_lower_bound() -> None:
    model, pixels = made.trained(SIZES), made.images(SIZES, 6)
    noise = made.noise(SIZES, 6)
    found = loss(model, pixels, noise)
    parts = model(pixels, noise)
    assert found.shape == ()
    assert found.dtype == torch.float32
    expected = -(parts.log_likelihood - parts.divergences.sum(dim=1)).mean()
    torch.testing.assert_close(found, expected)


def test_its_mean_over_noise_is_that_of_negative_log_weights() -> None:
    model = made.trained(SIZES)
    pixels, noise = made.images(SIZES, 1).repeat(4000, 1, 1, 1), made.noise(SIZES, 4000)
    with torch.inference_mode():
        found = loss(model, pixels, noise)
        weights = model.log_weights(pixels, noise, made.standard(SIZES.latents))
    torch.testing.assert_close(found, -weights.mean(), rtol=0, atol=0.1)


def test_beta_weighs_the_divergence() -> None:
    model, pixels = made.trained(SIZES), made.images(SIZES, 6)
    noise = made.noise(SIZES, 6)
    none, half, whole = (loss(model, pixels, noise, beta) for beta in (0.0, 0.5, 1.0))
    torch.testing.assert_close(half, (none + whole) / 2)
    divergence = model(pixels, noise).divergences.sum(dim=1).mean()
    torch.testing.assert_close(whole - none, divergence, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(loss(model, pixels, noise, torch.tensor(0.5)), half)


def test_a_latent_below_its_free_bits_costs_them_and_has_no_gradient() -> None:
    model, pixels = made.fresh(SIZES), made.images(SIZES, 16)
    noise = made.noise(SIZES, 16)
    divergences = model(pixels, noise).divergences.detach().mean(dim=0)
    free = float(divergences.max()) + 1
    bits, none = loss(model, pixels, noise, 1.0, free), loss(model, pixels, noise, 0.0)
    torch.testing.assert_close(bits - none, torch.tensor(SIZES.latents * free), rtol=1e-4, atol=0)
    gradients = []
    for value in (bits, none):
        model.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        gradients.append([each.grad for each in model.parameters()])
    assert all(_equal(*pair) for pair in zip(*gradients, strict=True))


def _equal(first: torch.Tensor | None, second: torch.Tensor | None) -> bool:
    assert first is not None
    assert second is not None
    return torch.equal(first, second)


def test_free_bits_are_of_the_batch_and_not_of_each_image() -> None:
    model, pixels = made.trained(SIZES), made.images(SIZES, 32)
    noise = made.noise(SIZES, 32)
    divergences = model(pixels, noise).divergences.detach()
    free = float(divergences.mean(dim=0).min()) * 0.99
    assert (divergences < free).any()
    torch.testing.assert_close(loss(model, pixels, noise, 1.0, free), loss(model, pixels, noise))


@pytest.mark.parametrize("sizes", made.SIZES)
def test_training_lowers_it(sizes: Sizes) -> None:
    held_out, noise = made.images(sizes, 100, seed=9), made.noise(sizes, 100)
    untrained, trained = made.fresh(sizes), made.trained(sizes)
    with torch.inference_mode():
        before, after = (loss(model, held_out, noise) for model in (untrained, trained))
    assert after < 0.95 * before


def test_the_weight_rises_in_a_line() -> None:
    assert [annealed(step, 4, 2.0) for step in (0, 1, 2, 4, 9)] == [0, 0.5, 1, 2, 2]
    assert annealed(0, 0) == 1


def test_parts_are_means_over_images_whatever_the_batches() -> None:
    model, pixels = made.trained(SIZES), made.images(SIZES, 10)
    noise = made.noise(SIZES, 10)
    whole = measured(model, [(pixels, noise)])
    parts = measured(model, [(pixels[:7], noise[:7]), (pixels[7:], noise[7:])])
    assert parts.reconstruction == pytest.approx(whole.reconstruction, rel=1e-6)
    assert parts.divergence == pytest.approx(whole.divergence, rel=1e-6)
    assert whole.negative_elbo == pytest.approx(whole.reconstruction + whole.divergence)
    assert whole.negative_elbo == pytest.approx(loss(model, pixels, noise).item(), rel=1e-5)


def test_no_image_cannot_be_measured() -> None:
    with pytest.raises(ValueError, match="no image"):
        measured(made.trained(SIZES), [])
