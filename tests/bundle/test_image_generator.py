from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from assay.bundle import image_generator, manifest
from assay.bundle.image_generator import ImageGenerator
from assay.errors import BundleRefused, InputRefused
from assay.paths import ModelPaths
from tests import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor

SIDE, LATENTS = 12, 4
SHAPE = (SIDE, SIDE, 1)


@pytest.fixture(scope="module")
def folder(checkpoint: Path) -> Path:
    return made.built_image_generator(checkpoint) / ModelPaths(made.MODEL).bundle


@pytest.fixture(scope="module")
def model(folder: Path) -> ImageGenerator:
    return ImageGenerator.open(folder, threads=1)


def images(count: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(1).integers(0, 256, (count, *SHAPE), dtype=np.uint8)


def test_a_bundle_says_what_it_is(model: ImageGenerator) -> None:
    assert (model.shape, model.latents, model.levels) == (SHAPE, LATENTS, 256)
    assert model.precision == "fp32"


@pytest.mark.parametrize("noise", [False, True])
def test_a_seed_gives_the_same_images_whatever_their_number(
    model: ImageGenerator, noise: bool
) -> None:
    found = model.sample(70, 3, noise=noise)
    assert found.dtype == np.uint8
    assert found.shape == (70, *SHAPE)
    assert np.array_equal(found[:5], model.sample(5, 3, noise=noise))
    assert not np.array_equal(found, model.sample(70, 4, noise=noise))


def test_noise_draws_each_pixel_from_what_the_decoder_says(model: ImageGenerator) -> None:
    latents = np.repeat(model.prior(1, 2), 400, axis=0)
    middle, drawn = model.decode(latents), model.decode(latents, 5, noise=True)
    assert (middle == middle[0]).all()
    assert drawn.std(axis=0).max() > 5
    apart = np.median(drawn, axis=0) - middle[0]
    assert np.abs(apart).mean() < 5


def test_an_image_is_encoded_by_itself_and_decoded_again(model: ImageGenerator) -> None:
    given = images(80)
    found = model.encode(given)
    assert found.mean.shape == found.log_variance.shape == (80, LATENTS)
    alone = model.encode(given[70:71])
    np.testing.assert_allclose(alone.mean[0], found.mean[70], atol=1e-5)
    again = model.reconstruct(given, 1)
    assert again.shape == given.shape
    assert np.array_equal(again, model.reconstruct(given, 1))


def test_a_way_between_two_images_begins_and_ends_at_them(model: ImageGenerator) -> None:
    first, second = images(2)
    way = model.interpolate(first, second, 5)
    ends = model.decode(model.encode(np.stack([first, second])).mean)
    assert len(way) == 5
    assert np.array_equal(way[[0, -1]], ends)
    with pytest.raises(InputRefused, match="steps"):
        model.interpolate(first, second, 1)


def test_a_walk_is_as_long_as_asked_and_follows_from_its_seed(model: ImageGenerator) -> None:
    way = model.walk(7, 3)
    assert way.shape == (7, *SHAPE)
    assert np.array_equal(way[0], model.decode(model.prior(1, 3))[0])
    assert np.array_equal(way, model.walk(7, 3))


def test_log_weights_do_not_depend_on_batches_and_their_mean_is_below_their_bound(
    model: ImageGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = images(30)
    found = model.log_weights(given, 16, 2)
    assert found.shape == (30, 16)
    assert found.dtype == np.float64
    bound = np.logaddexp.reduce(found, axis=1) - np.log(16)
    assert (bound >= found.mean(axis=1)).all()
    monkeypatch.setattr(image_generator, "BATCH", 8)
    np.testing.assert_allclose(model.log_weights(given, 16, 2), found, rtol=1e-4)


def test_images_are_binarised_for_a_model_of_two_levels_alone(model: ImageGenerator) -> None:
    given = images(20)
    assert model.seen(given, 1) is given
    grey = np.full((2000, *SHAPE), 51, dtype=np.uint8)
    stated = model.manifest.model_copy(
        update={"encoder": {**model.manifest.encoder, image_generator.LEVELS: 2}}
    )
    graph: Any = type("Graph", (), {"precision": "fp32", "session": model.session})
    binary = ImageGenerator(stated, graph, model._others)
    seen = binary.seen(grey, 1)
    assert set(np.unique(seen)) == {0, 255}
    assert (seen == 255).mean() == pytest.approx(0.2, abs=0.01)
    assert np.array_equal(seen, binary.seen(grey, 1))


@pytest.mark.parametrize(
    "given",
    [np.zeros((2, 12, 12), np.uint8), np.zeros((2, *SHAPE)), np.zeros((2, 8, 8, 1), np.uint8)],
)
def test_other_images_are_refused(model: ImageGenerator, given: Any) -> None:
    for ask in (model.encode, lambda own: model.log_weights(own, 2, 0)):
        with pytest.raises(InputRefused, match="of shape") as refused:
            ask(given)
        assert "uint8 (images, 12, 12, 1)" in refused.value.expected
    with pytest.raises(InputRefused, match="latents"):
        model.decode(np.zeros((2, 5), np.float32))


@pytest.mark.parametrize("name", ["encoder.onnx", "prior.onnx", "weights.onnx"])
def test_a_bundle_without_one_of_its_graphs_is_refused(
    folder: Path, tmp_path: Path, name: str
) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(folder, copy)
    (copy / name).unlink()
    with pytest.raises(BundleRefused, match=name):
        ImageGenerator.open(copy)
    manifest.write(copy, manifest.read_alone(copy))
    with pytest.raises(BundleRefused, match=f"it holds no {name}"):
        ImageGenerator.open(copy)
