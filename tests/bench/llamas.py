"""A small Llama of transformers with fresh weights: for the tests of what reads its weights."""

from __future__ import annotations

from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

WIDTH, HEADS, KEY_HEADS, CONTEXT = 64, 4, 2, 64


def llama(*, tied: bool) -> Any:
    """Return it in evaluation; ``tied``: whether its head has the weights of its embeddings."""
    torch.manual_seed(1)
    made: Any = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=96,
            hidden_size=WIDTH,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=HEADS,
            num_key_value_heads=KEY_HEADS,
            max_position_embeddings=CONTEXT,
            rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
            tie_word_embeddings=tied,
        )
    )
    return made.eval()
