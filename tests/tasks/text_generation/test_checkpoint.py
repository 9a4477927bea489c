from __future__ import annotations

import dataclasses
import json
import pickle
from typing import TYPE_CHECKING

import pytest
import torch

from assay.errors import InputRefused
from assay.files import sha256
from assay.tasks.text_generation import checkpoint
from assay.tasks.text_generation.network import Decoder
from tests.tasks.text_generation import made

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.processor


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    checkpoint.write(tmp_path / "checkpoint", _fresh())
    return tmp_path / "checkpoint"


def _fresh(*, tied: bool = True) -> Decoder:
    torch.manual_seed(1)
    return Decoder(dataclasses.replace(made.SIZES, tied=tied)).eval()


@pytest.mark.parametrize("tied", [True, False])
def test_what_was_written_is_read(tmp_path: Path, tied: bool) -> None:
    model = _fresh(tied=tied)
    checkpoint.write(tmp_path / "one", model)
    found = checkpoint.read(tmp_path / "one")
    assert found.sizes == model.sizes
    assert not found.training
    ids = torch.tensor([[1, 5, 3]])
    with torch.inference_mode():
        assert torch.equal(found(ids), model(ids))


def test_equal_weights_have_equal_bytes(folder: Path, tmp_path: Path) -> None:
    checkpoint.write(tmp_path / "again", checkpoint.read(folder))
    assert sha256(tmp_path / "again") == sha256(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


def test_rotations_are_no_weights(folder: Path) -> None:
    stored = dict(checkpoint.read(folder).state_dict())
    assert not {name for name in stored if "sines" in name}


def _cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps({"tokens.weight": [1.0]}))


def _other_sizes(folder: Path) -> None:
    stated = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**stated, "layers": 3}))


def _impossible(folder: Path) -> None:
    stated = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**stated, "width": 3}))


def _other_network(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))


def _no_json(folder: Path) -> None:
    (folder / "config.json").write_text("{")


def _missing(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


@pytest.mark.parametrize(
    "spoil", [_cut, _pickled, _other_sizes, _impossible, _other_network, _no_json, _missing]
)
def test_what_is_no_checkpoint_is_refused(folder: Path, spoil: object) -> None:
    assert callable(spoil)
    spoil(folder)
    with pytest.raises(InputRefused, match="holds no decoder") as refusal:
        checkpoint.read(folder)
    assert "assay run" in refusal.value.cure
