from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from assay.errors import SettingsError
from assay.files import sha256
from assay.modalities.text import cached_folder, decoder_folder, gguf_file
from assay.modalities.text.pretrained import locate
from tests.modalities.text import gguf_made

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small file, beside a cache of its own."""
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    return gguf_made.write(tmp_path / "one.gguf")


def test_transformers_reads_it_as_it_reads_the_file(file: Path) -> None:
    folder = locate(str(file))
    own = AutoModelForCausalLM.from_pretrained(folder)
    other = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    )
    ids = torch.arange(40).reshape(2, 20)
    with torch.inference_mode():
        expected = other(ids).logits
        torch.testing.assert_close(own(ids).logits, expected, rtol=0, atol=1e-5)
    assert expected.std() > 0.1
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.eos_token == gguf_made.END
    assert tokenizer("on the").input_ids == [gguf_made.TOKENS.index(t) for t in ("on", "Ġthe")]


def test_a_file_is_written_once_and_again_where_a_byte_changed(file: Path, tmp_path: Path) -> None:
    folder = locate(str(file))
    assert folder.parent == tmp_path / "cache"
    assert cached_folder.is_whole(folder)
    before = sha256(folder)
    weights = folder / "model.safetensors"
    moment = weights.stat().st_mtime_ns
    decoder_folder._of_content.cache_clear()
    assert locate(str(file)) == folder
    assert weights.stat().st_mtime_ns == moment
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    decoder_folder._of_content.cache_clear()
    assert sha256(locate(str(file))) == before


def test_other_content_is_another_folder(file: Path) -> None:
    first = locate(str(file))
    gguf_made.write(file, splitting="gpt-2")
    assert locate(str(file)) != first


def test_an_installed_package_may_carry_one(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "carrier").mkdir()
    (tmp_path / "carrier/__init__.py").write_text("raise SystemExit('it ran')")
    shutil.copyfile(file, tmp_path / "carrier/one.gguf")
    monkeypatch.syspath_prepend(tmp_path)
    assert locate("package:carrier/one.gguf") == locate(str(file))
    assert "carrier" not in sys.modules
    with pytest.raises(SettingsError, match=r"has no folder 'two\.gguf'"):
        locate("package:carrier/two.gguf")


def test_a_file_that_is_not_there_is_not_looked_for_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="which is not there"):
        locate("models/none.gguf")


def test_a_refused_file_leaves_no_folder(file: Path, tmp_path: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(SettingsError, match="can't be read as GGUF"):
        locate(str(file))
    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]


def test_equal_decoders_give_equal_bytes(file: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        decoder_folder.write(gguf_file.read(file), tmp_path / name)
    assert sha256(tmp_path / "a") == sha256(tmp_path / "b")
