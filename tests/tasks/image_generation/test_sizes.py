from __future__ import annotations

from typing import Any

import pytest

from assay.errors import SettingsError
from assay.tasks.image_generation.sizes import Sizes

USUAL: dict[str, Any] = {"side": 28, "channels": 1, "latents": 20, "width": 32}


def test_what_follows_from_the_sizes() -> None:
    assert Sizes(**USUAL).shape == (28, 28, 1)
    assert Sizes(**USUAL).outputs == 2, "location and scale"
    assert Sizes(**USUAL, likelihood="bernoulli").outputs == 1


def test_an_mlp_reads_images_of_any_side() -> None:
    assert Sizes(**{**USUAL, "side": 27, "width": 401}, network="mlp").shape == (27, 27, 1)


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"side": 0}, "side is 0"),
        ({"latents": 0}, "latents is 0"),
        ({"width": -2}, "width is -2"),
        ({"channels": 2}, "channels is 2"),
        ({"likelihood": "normal"}, "likelihood is 'normal'"),
        ({"network": "resnet"}, "network is 'resnet'"),
        ({"side": 30}, "side 30 and width 32"),
        ({"width": 31}, "side 28 and width 31"),
    ],
)
def test_sizes_of_no_network_are_refused(wrong: dict[str, Any], found: str) -> None:
    with pytest.raises(SettingsError, match=found) as refusal:
        Sizes(**{**USUAL, **wrong})
    assert refusal.value.expected
    assert "params.yaml" in refusal.value.cure
