from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
import pytest

from bench import gguf_file
from tests.bench.llamas import HEADS, KEY_HEADS, WIDTH, llama

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def model(request: pytest.FixtureRequest) -> Any:
    return llama(tied=request.param)


def read(path: Path) -> gguf.GGUFReader:
    return gguf.GGUFReader(path)


def test_all_weights_are_there_once_and_vectors_in_fp32(model: Any, tmp_path: Path) -> None:
    gguf_file.write(tmp_path / "one.gguf", model, gguf_file.INT8)
    kinds = {tensor.name: tensor.tensor_type for tensor in read(tmp_path / "one.gguf").tensors}
    assert ("output.weight" in kinds) != model.config.tie_word_embeddings
    assert kinds["blk.1.ffn_down.weight"] == kinds["token_embd.weight"] == gguf_file.INT8
    assert kinds["blk.1.ffn_norm.weight"] == kinds["output_norm.weight"] == gguf_file.FP32
    assert len(kinds) == 2 * 9 + 2 + (not model.config.tie_word_embeddings)


def test_halves_of_queries_and_keys_become_pairs(model: Any, tmp_path: Path) -> None:
    """transformers rotates number i of a head with number i + half, llama.cpp 2i with 2i + 1."""
    gguf_file.write(tmp_path / "one.gguf", model, gguf_file.FP32)
    found = {tensor.name: tensor.data for tensor in read(tmp_path / "one.gguf").tensors}
    layer = model.model.layers[1].self_attn
    half = WIDTH // HEADS // 2
    for heads, own, name in (
        (HEADS, layer.q_proj, "blk.1.attn_q.weight"),
        (KEY_HEADS, layer.k_proj, "blk.1.attn_k.weight"),
    ):
        halves = own.weight.detach().numpy().reshape(heads, 2, half, WIDTH)
        pairs = found[name].reshape(heads, half, 2, WIDTH)
        for place in range(2):
            np.testing.assert_array_equal(pairs[:, :, place], halves[:, place])
