from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from assay.errors import SettingsError
from assay.modalities.text import gguf_file
from tests.modalities.text import gguf_made

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a small file."""
    return gguf_made.write(tmp_path / "one.gguf")


def _refused(path: Path) -> SettingsError:
    with pytest.raises(SettingsError) as refused:
        gguf_file.read(path)
    assert str(path) in refused.value.found
    assert refused.value.expected
    assert refused.value.cure
    return refused.value


def test_weights_are_those_that_transformers_reads(file: Path) -> None:
    """Which dequantizes by the same library, and orders the rows of each head on its own."""
    other = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    )
    theirs = {name: value.numpy() for name, value in other.state_dict().items()}
    found = gguf_file.read(file).weights
    assert set(found) == set(theirs) - {"lm_head.weight"}, "head and table are one"
    for name, weight in found.items():
        assert (weight == theirs[name]).all(), name
        assert weight.std() > 0.1


def test_sizes_are_said(file: Path) -> None:
    sizes = gguf_file.read(file).sizes
    assert sizes == gguf_file.Sizes(
        layers=gguf_made.LAYERS,
        width=gguf_made.WIDTH,
        inner=gguf_made.INNER,
        heads=gguf_made.HEADS,
        key_heads=gguf_made.KEY_HEADS,
        positions=gguf_made.POSITIONS,
        theta=gguf_made.THETA,
        epsilon=gguf_made.EPSILON,
    )


def test_the_vocabulary_is_said(file: Path) -> None:
    found = gguf_file.read(file).vocabulary
    assert (found.tokens, found.merges) == (gguf_made.TOKENS, gguf_made.MERGES)
    assert (found.end, found.unknown, found.splitting) == (
        gguf_made.END,
        "<|endoftext|>",
        "smollm",
    )


def test_a_file_that_is_cut_short_is_refused_wherever_it_ends(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    cut = tmp_path / "cut.gguf"
    for share in (0.0, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.9, 0.999):
        cut.write_bytes(content[: int(share * len(content))])
        assert "can't be read as GGUF" in _refused(cut).found


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "one.gguf"
    other.write_bytes(b"PK\x03\x04" + bytes(1000))
    assert "GGUF magic invalid" in _refused(other).found
    assert "No such file" in _refused(tmp_path / "none.gguf").found


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    problem = _refused(gguf_made.write(tmp_path / "one.gguf", architecture="qwen2"))
    assert "is of the architecture qwen2" in problem.found
    assert problem.expected == "one of: llama"


def test_scaled_rotary_positions_are_refused(tmp_path: Path) -> None:
    by_key = gguf_made.write(tmp_path / "a.gguf", keys={"llama.rope.scaling.type": "linear"})
    assert "scaled rotary positions (linear)" in _refused(by_key).found
    by_tensor = gguf_made.write(tmp_path / "b.gguf", more={"rope_freqs.weight": (4,)})
    assert "scaled rotary positions (by frequency)" in _refused(by_tensor).found
    plain = gguf_made.write(tmp_path / "c.gguf", keys={"llama.rope.scaling.type": "none"})
    assert gguf_file.read(plain).sizes.theta == gguf_made.THETA


def test_what_the_network_does_not_compute_is_refused(tmp_path: Path) -> None:
    bias = gguf_made.write(tmp_path / "a.gguf", more={"blk.0.attn_q.bias": (gguf_made.WIDTH,)})
    assert "holds the tensor blk.0.attn_q.bias" in _refused(bias).found
    pieces = gguf_made.write(tmp_path / "b.gguf", tokenizer="llama")
    assert "has a tokenizer of the kind llama" in _refused(pieces).found
    sizes = gguf_made.write(tmp_path / "c.gguf", keys={"llama.attention.key_length": 16})
    assert "has llama.attention.key_length 16" in _refused(sizes).found


def test_an_own_head_is_read(tmp_path: Path) -> None:
    shape = (len(gguf_made.TOKENS), gguf_made.WIDTH)
    found = gguf_file.read(gguf_made.write(tmp_path / "one.gguf", more={"output.weight": shape}))
    assert found.weights["lm_head.weight"].shape == shape


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of weights that became infinite
def test_altered_bytes_are_read_or_refused_and_never_a_fault_of_ours(file: Path) -> None:
    whole, random = file.read_bytes(), np.random.default_rng(0)
    kinds = (b"\xff" * 8, b"\x00" * 8, (2**40).to_bytes(8, "little"))
    refused = 0
    # What the file says stands before its weights.
    for place in random.integers(0, len(whole) // 3, 300):
        altered = bytearray(whole)
        altered[place : place + 8] = kinds[random.integers(len(kinds))]
        file.write_bytes(altered)
        try:
            gguf_file.read(file)
        except SettingsError as refusal:
            assert str(file) in refusal.found
            refused += 1
    assert refused > 100
