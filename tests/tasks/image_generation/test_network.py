from __future__ import annotations

import hashlib

import pytest
import torch
from scipy import stats

from assay.objectives.generation.gaussian_mixture import standard_normal
from assay.tasks.image_generation.network import Autoencoder, MlpVae, Posterior, Vae, build
from assay.tasks.image_generation.prior import Prior
from assay.tasks.image_generation.sizes import Sizes
from tests.tasks.image_generation import made

pytestmark = pytest.mark.processor


def _digest(model: Autoencoder) -> str:
    parts = [value.numpy().tobytes() for value in model.state_dict().values()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize(
    "sizes",
    [*made.SIZES, Sizes(28, 1, 20, 32), Sizes(32, 3, 64, 16), Sizes(28, 1, 5, 6, "bernoulli")],
)
def test_shapes_are_those_of_the_sizes(sizes: Sizes) -> None:
    model, pixels = made.fresh(sizes), made.images(sizes, 3)
    with torch.inference_mode():
        posterior = model.encode(pixels)
        parameters = model.decode(posterior.mean)
        parts = model(pixels, made.noise(sizes, 3))
    assert posterior.mean.shape == posterior.log_variance.shape == (3, sizes.latents)
    assert parameters.shape == (3, sizes.outputs, sizes.channels, sizes.side, sizes.side)
    assert parts.log_likelihood.shape == (3,)
    assert parts.divergences.shape == (3, sizes.latents)
    assert type(build(sizes)) is (MlpVae if sizes.network == "mlp" else Vae)


def test_the_network_of_the_tutorial_has_its_weights() -> None:
    model = build(Sizes(28, 1, 20, 400, likelihood="bernoulli", network="mlp"))
    shapes = [tuple(value.shape) for value in model.parameters() if value.ndim == 2]
    assert shapes == [(400, 784), (40, 400), (400, 20), (784, 400)]
    assert sum(value.numel() for value in model.parameters()) == 652_824


def test_fresh_weights_are_those_of_the_seed() -> None:
    digests = [_digest(made.fresh(made.SIZES[0], seed)) for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("sizes", made.SIZES)
def test_the_same_noise_gives_the_same_and_other_noise_another(sizes: Sizes) -> None:
    model, pixels = made.trained(sizes), made.images(sizes, 4, seed=2)
    with torch.inference_mode():
        one, again, other = (model(pixels, made.noise(sizes, 4, seed)) for seed in (1, 1, 2))
    assert torch.equal(one.log_likelihood, again.log_likelihood)
    assert not torch.equal(one.log_likelihood, other.log_likelihood)
    assert torch.equal(one.divergences, other.divergences)


def test_divergences_are_those_of_normal_distributions() -> None:
    mean = torch.tensor([[0.0, 1.5, -0.3]])
    log_variance = torch.tensor([[0.0, -2.0, 1.0]])
    noise = torch.randn((200_000, 3), generator=torch.Generator().manual_seed(1))
    posterior = Posterior(mean, log_variance)
    latents, deviation = posterior.drawn(noise).numpy(), (log_variance / 2).exp().numpy()
    ratio = stats.norm.logpdf(latents, mean.numpy(), deviation) - stats.norm.logpdf(latents)
    found = posterior.divergences()[0]
    assert found[0] == 0
    torch.testing.assert_close(
        found, torch.from_numpy(ratio.mean(axis=0)).float(), rtol=0, atol=0.02
    )


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("sizes", made.SIZES[:3])
def test_log_weights_are_their_three_densities(sizes: Sizes, fitted: bool) -> None:
    model, pixels, noise = made.trained(sizes), made.images(sizes, 5), made.noise(sizes, 5)
    mixture = made.mixture(sizes.latents) if fitted else standard_normal(sizes.latents)
    with torch.inference_mode():
        found = model.log_weights(pixels, noise, Prior(mixture))
        mean, log_variance = model.encode(pixels)
        latents = Posterior(mean, log_variance).drawn(noise)
        given = model(pixels, noise).log_likelihood
    prior = mixture.log_density(latents.double().numpy())
    deviation = (log_variance / 2).exp().numpy()
    posterior = stats.norm.logpdf(latents.numpy(), mean.numpy(), deviation).sum(axis=1)
    expected = given + torch.from_numpy(prior - posterior)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("sizes", made.SIZES)
def test_a_reconstruction_is_nearer_to_its_own_image(sizes: Sizes) -> None:
    """Those of the left side come back on the left, those of the right on the right."""
    model, pixels = made.trained(sizes), made.images(sizes, 40, seed=7)
    with torch.inference_mode():
        found = model.likelihood.picture(model.decode(model.encode(pixels).mean))
    sides = [
        each[..., : sizes.side // 2].mean(dim=(1, 2, 3))
        > each[..., sizes.side // 2 :].mean(dim=(1, 2, 3))
        for each in (pixels.permute(0, 3, 1, 2).float(), found)
    ]
    assert torch.equal(*sides)


def test_float_pixels_are_read_as_those_of_8_bits() -> None:
    model, pixels = made.trained(made.SIZES[0]), made.images(made.SIZES[0], 4)
    with torch.inference_mode():
        assert torch.equal(model.encode(pixels).mean, model.encode(pixels.float()).mean)


def test_under_autocast_bounds_are_in_32_bits() -> None:
    sizes = made.SIZES[0]
    model, pixels, noise = made.trained(sizes), made.images(sizes, 64), made.noise(sizes, 64)
    with torch.inference_mode():
        full = model(pixels, noise)
        with torch.autocast("cpu", torch.bfloat16):
            half = model(pixels, noise)
    assert half.log_likelihood.dtype == half.divergences.dtype == torch.float32
    difference = (half.log_likelihood - full.log_likelihood).mean()
    assert difference.abs() < 0.02 * full.log_likelihood.mean().abs()
