from __future__ import annotations

from typing import Any

import pytest

from assay.errors import SettingsError
from assay.tasks.text_generation.sizes import Sizes

USUAL: dict[str, Any] = {"vocabulary": 65, "layers": 6, "heads": 6, "width": 384, "context": 256}


def test_what_is_not_said_follows_from_the_width_and_the_heads() -> None:
    sizes = Sizes(**USUAL)
    assert (sizes.head_size, sizes.key_heads, sizes.inner) == (64, 6, 1024)
    assert Sizes(**{**USUAL, "width": 396}).inner == 1056, "33 steps of 32"


def test_what_is_said_is_taken() -> None:
    sizes = Sizes(**USUAL, kv_heads=2, hidden=100)
    assert (sizes.key_heads, sizes.inner) == (2, 100)


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"vocabulary": 0}, "vocabulary is 0"),
        ({"layers": 0}, "layers is 0"),
        ({"heads": -1}, "heads is -1"),
        ({"context": 0}, "context is 0"),
        ({"kv_heads": 0}, "kv_heads is 0"),
        ({"hidden": 0}, "hidden is 0"),
        ({"width": 100}, "width is 100 with 6 heads"),
        ({"width": 390}, "width is 390 with 6 heads"),
        ({"kv_heads": 4}, "6 heads share 4 kv_heads"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dropout": -0.1}, "dropout is -0.1"),
    ],
)
def test_sizes_of_no_network_are_refused(wrong: dict[str, Any], found: str) -> None:
    with pytest.raises(SettingsError, match=found) as refusal:
        Sizes(**{**USUAL, **wrong})
    assert refusal.value.expected
    assert "params.yaml" in refusal.value.cure
