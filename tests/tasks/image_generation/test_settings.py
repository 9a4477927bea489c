from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from assay.errors import SettingsError
from assay.settings.reading import load_example
from assay.tasks import registry
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def _block(tmp_path: Path, train: str, head: str = "labels: []") -> Path:
    file = tmp_path / "example.yaml"
    file.write_text(f"mine:\n  data: image\n  task: generation\n  {head}\n  train: {train}\n")
    return file


@pytest.mark.parametrize(
    ("train", "found"),
    [
        ("{size: 30}", "multiple of 4"),
        ("{width: 7}", "even width"),
        ("{checkpoint: models/x}", "checkpoint is null"),
        ("{size: 96}", "less than or equal to 64"),
        ("{beta: 0}", "greater than 0"),
        ("{likelihood: gaussian}", "'logistic' or 'bernoulli'"),
    ],
)
def test_sizes_that_no_network_has_are_refused(tmp_path: Path, train: str, found: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_example(_block(tmp_path, train), registry.KINDS)
    assert found in refused.value.expected


def test_an_mlp_takes_any_side(tmp_path: Path) -> None:
    _, model = load_example(_block(tmp_path, "{network: mlp, size: 30}"), registry.KINDS)
    assert model.summary == "a generator of grey images, 30 pixels a side"


def test_a_generator_has_no_labels(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="labels") as refused:
        load_example(_block(tmp_path, "{}", "labels: [cat]"), registry.KINDS)
    assert "no classes" in refused.value.expected


def test_the_example_is_a_block_of_this_task() -> None:
    name, model = load_example(ROOT / "examples/fashion-vae.yaml", registry.KINDS)
    assert name == "fashion-vae"
    assert model.kind == "image-generation"
    own: Any = model.train
    assert own.size == 28
