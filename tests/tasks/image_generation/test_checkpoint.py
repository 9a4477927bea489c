from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import pytest
import torch

from assay.errors import InputRefused
from assay.files import sha256
from assay.tasks.image_generation import checkpoint
from tests.tasks.image_generation import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assay.tasks.image_generation.sizes import Sizes

pytestmark = pytest.mark.processor


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoint.write(tmp_path / "checkpoint", made.fresh(made.SIZES[0]))
    return tmp_path / "checkpoint"


@pytest.mark.parametrize("sizes", made.SIZES)
def test_what_was_written_is_read(tmp_path: Path, sizes: Sizes) -> None:
    model = made.trained(sizes)
    checkpoint.write(tmp_path / "one", model)
    found = checkpoint.read(tmp_path / "one")
    assert found.sizes == sizes
    assert not found.training
    pixels, noise = made.images(sizes, 3), made.noise(sizes, 3)
    prior = made.standard(sizes.latents)
    with torch.inference_mode():
        own, again = (one.log_weights(pixels, noise, prior) for one in (model, found))
    assert torch.equal(again, own)


def test_equal_weights_have_equal_bytes(folder: Path, tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "again", checkpoint.read(folder))
    assert sha256(tmp_path / "again") == sha256(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


def _cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps({"encoder.0.weight": [1.0]}))


def _stated(folder: Path, **changed: object) -> None:
    stated = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**stated, **changed}))


def _other_sizes(folder: Path) -> None:
    _stated(folder, latents=7)


def _other_network(folder: Path) -> None:
    _stated(folder, network="mlp")


def _impossible(folder: Path) -> None:
    _stated(folder, side=7)


def _other_task(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))


def _no_json(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def _missing(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


@pytest.mark.parametrize(
    "spoil",
    [_cut, _pickled, _other_sizes, _other_network, _impossible, _other_task, _no_json, _missing],
)
def test_what_is_no_checkpoint_is_refused(folder: Path, spoil: Callable[[Path], None]) -> None:
    spoil(folder)
    with pytest.raises(InputRefused, match="holds no autoencoder") as refusal:
        checkpoint.read(folder)
    assert "assay run" in refusal.value.cure
