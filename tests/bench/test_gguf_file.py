from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from bench import gguf_file

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEADS, KEY_HEADS = 64, 4, 2


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(1)
    made: Any = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=96,
            hidden_size=WIDTH,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=HEADS,
            num_key_value_heads=KEY_HEADS,
            max_position_embeddings=32,
            rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
            tie_word_embeddings=request.param,
        )
    )
    return made.eval()


def read(path: Path) -> gguf.GGUFReader:
    return gguf.GGUFReader(path)


def test_all_weights_are_there_once_and_vectors_in_fp32(model: Any, tmp_path: Path) -> None:
    gguf_file.write(tmp_path / "one.gguf", model, gguf_file.INT8)
    kinds = {tensor.name: tensor.tensor_type for tensor in read(tmp_path / "one.gguf").tensors}
    assert ("output.weight" in kinds) != model.config.tie_word_embeddings
    assert kinds["blk.1.ffn_down.weight"] == kinds["token_embd.weight"] == gguf_file.INT8
    assert kinds["blk.1.ffn_norm.weight"] == kinds["output_norm.weight"] == gguf_file.FP32
    assert len(kinds) == 2 * 9 + 2 + (not model.config.tie_word_embeddings)


def test_queries_and_keys_are_turned_by_neighbours_as_they_were_by_halves(
    model: Any, tmp_path: Path
) -> None:
    """The products of queries and keys at all distances are the same, by either way of turning."""
    gguf_file.write(tmp_path / "one.gguf", model, gguf_file.FP32)
    found = {tensor.name: tensor.data for tensor in read(tmp_path / "one.gguf").tensors}
    layer = model.model.layers[1].self_attn
    states = np.random.default_rng(1).standard_normal(WIDTH).astype(np.float32)
    size = WIDTH // HEADS
    rates = 10_000.0 ** (-np.arange(0, size, 2) / size)
    for heads, own, name in (
        (HEADS, layer.q_proj, "blk.1.attn_q.weight"),
        (KEY_HEADS, layer.k_proj, "blk.1.attn_k.weight"),
    ):
        halves = (own.weight.detach().numpy() @ states).reshape(heads, 2, size // 2)
        pairs = (found[name] @ states).reshape(heads, size // 2, 2)
        turn = np.exp(1j * 5 * rates)
        np.testing.assert_allclose(
            (pairs[..., 0] + 1j * pairs[..., 1]) * turn,
            (halves[:, 0] + 1j * halves[:, 1]) * turn,
            rtol=1e-4,
            atol=1e-5,
        )
