from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from assay.bundle.session import Session
from assay.gateways import onnx as gateway
from assay.tasks.image_generation import graph
from assay.tasks.image_generation.network import pixels_of
from assay.tasks.image_generation.prior import Prior
from tests.tasks.image_generation import made

if TYPE_CHECKING:
    from typing import Any

    from assay.tasks.image_generation.sizes import Sizes

    Array = np.ndarray[Any, Any]

pytestmark = pytest.mark.processor

GRAPHS = {
    "encoder": lambda sizes: graph.encoder(made.trained(sizes)),
    "decoder": lambda sizes: graph.decoder(made.trained(sizes)),
    "prior": lambda sizes: graph.prior(prior(sizes)),
    "weights": lambda sizes: graph.weights(made.trained(sizes), prior(sizes)),
}


def prior(sizes: Sizes) -> Prior:
    return Prior(made.mixture(sizes.latents))


@functools.cache
def content(sizes: Sizes, name: str) -> bytes:
    return gateway.serialize(GRAPHS[name](sizes), {})


def answers(sizes: Sizes, name: str, **feeds: torch.Tensor) -> dict[str, Array]:
    session = Session(content(sizes, name), 1)
    given = {name: value.numpy() for name, value in feeds.items()}
    return {name: value.numpy() for name, value in session.values(given).items()}


def uniform(sizes: Sizes, count: int) -> torch.Tensor:
    return torch.rand((count, *sizes.shape), generator=torch.Generator().manual_seed(8))


def close(found: Array, expected: torch.Tensor) -> None:
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-4)


def test_inputs_and_outputs_are_named_and_the_batch_is_dynamic() -> None:
    sizes = made.SIZES[1]
    described = {}
    for name in GRAPHS:
        runtime = Session(content(sizes, name), 1).runtime
        described[name] = [
            {each.name: (each.type, each.shape) for each in side}
            for side in (runtime.get_inputs(), runtime.get_outputs())
        ]
    pixels = ("tensor(uint8)", ["batch", 12, 12, 3])
    latents = ("tensor(float)", ["batch", 2])
    assert described["encoder"] == [
        {"pixels": pixels, "noise": latents},
        {"mean": latents, "log_variance": latents, "latents": latents},
    ]
    assert described["decoder"] == [
        {"latents": latents, "noise": ("tensor(float)", ["batch", 12, 12, 3])},
        {
            "parameters": ("tensor(float)", ["batch", 2, 3, 12, 12]),
            "images": pixels,
            "samples": pixels,
        },
    ]
    chosen = ("tensor(float)", ["batch"])
    assert described["prior"] == [{"noise": latents, "uniform": chosen}, {"latents": latents}]
    assert described["weights"] == [
        {"pixels": pixels, "noise": latents},
        {"log_weights": chosen},
    ]


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("sizes", made.SIZES)
def test_the_encoder_computes_what_torch_does(sizes: Sizes, count: int) -> None:
    pixels, noise = made.images(sizes, count, seed=5), made.noise(sizes, count)
    found = answers(sizes, "encoder", pixels=pixels, noise=noise)
    with torch.inference_mode():
        posterior = made.trained(sizes).encode(pixels)
    close(found["mean"], posterior.mean)
    close(found["log_variance"], posterior.log_variance)
    close(found["latents"], posterior.drawn(noise))


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("sizes", made.SIZES)
def test_the_decoder_computes_what_torch_does(sizes: Sizes, count: int) -> None:
    latents, noise = made.noise(sizes, count), uniform(sizes, count)
    found = answers(sizes, "decoder", latents=latents, noise=noise)
    model = made.trained(sizes)
    with torch.inference_mode():
        parameters = model.decode(latents)
        images = model.likelihood.picture(parameters)
        samples = model.likelihood.sample(parameters, noise.permute(0, 3, 1, 2))
    close(found["parameters"], parameters)
    for name, levels in (("images", images), ("samples", samples)):
        apart = found[name].astype(int) - pixels_of(levels).numpy().astype(int)
        # Rounding of fp32 at the border of two levels may fall on either.
        assert np.abs(apart).max() <= 1
        assert (apart != 0).mean() < 0.01
    assert set(np.unique(found["images"])) - {0, 255}
    if sizes.likelihood == "bernoulli":
        assert set(np.unique(found["samples"])) == {0, 255}


@pytest.mark.parametrize("sizes", made.SIZES)
def test_log_weights_are_what_torch_computes(sizes: Sizes) -> None:
    """Also of images that are most improbable: black, white, and noise."""
    random = torch.Generator().manual_seed(6)
    pixels = made.images(sizes, 8, seed=5)
    pixels[1], pixels[2] = 0, 255
    if sizes.likelihood == "logistic":
        pixels[3] = torch.randint(256, sizes.shape, generator=random, dtype=torch.uint8)
    noise = made.noise(sizes, 8)
    found = answers(sizes, "weights", pixels=pixels, noise=noise)["log_weights"]
    with torch.inference_mode():
        expected = made.trained(sizes).log_weights(pixels, noise, prior(sizes))
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-5, atol=2e-3)


@pytest.mark.parametrize("count", [1, 500])
def test_the_prior_draws_what_torch_does(count: int) -> None:
    sizes = made.SIZES[0]
    noise = made.noise(sizes, count)
    uniform = torch.rand(count, generator=torch.Generator().manual_seed(9))
    found = answers(sizes, "prior", noise=noise, uniform=uniform)["latents"]
    close(found, prior(sizes)(noise, uniform))


def test_an_image_does_not_depend_on_its_neighbours() -> None:
    sizes = made.SIZES[0]
    pixels, noise = made.images(sizes, 6), made.noise(sizes, 6)
    together = answers(sizes, "weights", pixels=pixels, noise=noise)["log_weights"]
    alone = [
        answers(sizes, "weights", pixels=pixels[row : row + 1], noise=noise[row : row + 1])
        for row in range(6)
    ]
    np.testing.assert_allclose(
        together, np.concatenate([each["log_weights"] for each in alone]), rtol=1e-5
    )


def test_equal_networks_have_equal_graphs() -> None:
    sizes = made.SIZES[0]
    again = gateway.serialize(graph.decoder(made.trained(sizes)), {})
    assert again == content(sizes, "decoder")
    assert again != content(made.SIZES[2], "decoder")
