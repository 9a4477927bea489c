"""A small Llama as transformers saves one, with a tokenizer: what a user brings to fine-tune."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

if TYPE_CHECKING:
    from pathlib import Path

END = "</s>"
POSITIONS = 64


def saved(folder: Path, **changed: Any) -> Any:
    """Save it into a folder; return transformers' own network, in evaluation."""
    tokenizer = _tokenizer()
    torch.manual_seed(8)
    config = {
        "vocab_size": tokenizer.get_vocab_size(),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": POSITIONS,
        "rms_norm_eps": 1e-4,
        "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
        "initializer_range": 0.2,
        "tie_word_embeddings": False,
        **changed,
    }
    model: Any = LlamaForCausalLM(LlamaConfig(**config))
    model.save_pretrained(folder)
    fast: Any = PreTrainedTokenizerFast
    fast(tokenizer_object=tokenizer, eos_token=END).save_pretrained(folder)
    return model.eval()


def _tokenizer() -> Tokenizer:
    """Return a token a byte, and one that ends a document."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: place for place, token in enumerate([*letters, END])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
