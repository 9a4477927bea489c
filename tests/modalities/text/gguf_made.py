"""A small GGUF file of a decoder, as llama.cpp's converter writes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, quantize
from tokenizers import pre_tokenizers

if TYPE_CHECKING:
    from pathlib import Path

END = "<|im_end|>"
MERGES = ("Ġ t", "h e", "Ġt he", "Ġ Ġ", "o n", "1 2")
WIDTH, LAYERS, HEADS, KEY_HEADS, INNER, POSITIONS = 32, 2, 4, 2, 64, 128
THETA, EPSILON = 500.0, 1e-5
LETTERS = sorted(pre_tokenizers.ByteLevel.alphabet())
TOKENS = ("<|endoftext|>", END, *LETTERS, *(merge.replace(" ", "") for merge in MERGES))
CONTROL, NORMAL = 3, 1
# Of each block: the tensor, and its sizes.
SHAPES = {
    "attn_norm": (WIDTH,),
    "attn_q": (WIDTH, WIDTH),
    "attn_k": (WIDTH // 2, WIDTH),
    "attn_v": (WIDTH // 2, WIDTH),
    "attn_output": (WIDTH, WIDTH),
    "ffn_norm": (WIDTH,),
    "ffn_gate": (INNER, WIDTH),
    "ffn_up": (INNER, WIDTH),
    "ffn_down": (WIDTH, INNER),
}


def write(
    path: Path,
    *,
    architecture: str = "llama",
    keys: dict[str, str | int] | None = None,
    more: dict[str, tuple[int, ...]] | None = None,
    splitting: str = "smollm",
    tokenizer: str = "gpt2",
) -> Path:
    """Write the file; ``keys`` and the tensors ``more`` are what others leave out."""
    writer = GGUFWriter(path, architecture)
    _say_sizes(writer)
    _say_tokens(writer, tokenizer, splitting)
    for key, value in (keys or {}).items():
        if isinstance(value, str):
            writer.add_string(key, value)
        else:
            writer.add_uint32(key, value)
    random = np.random.default_rng(3)
    tensors = {"token_embd.weight": (len(TOKENS), WIDTH), "output_norm.weight": (WIDTH,)}
    for layer in range(LAYERS):
        tensors |= {f"blk.{layer}.{name}.weight": shape for name, shape in SHAPES.items()}
    for name, shape in {**tensors, **(more or {})}.items():
        _add(writer, name, shape, random)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _say_sizes(writer: GGUFWriter) -> None:
    writer.add_block_count(LAYERS)
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_rope_freq_base(THETA)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_vocab_size(len(TOKENS))


def _say_tokens(writer: GGUFWriter, tokenizer: str, splitting: str) -> None:
    writer.add_tokenizer_model(tokenizer)
    writer.add_tokenizer_pre(splitting)
    writer.add_token_list(list(TOKENS))
    writer.add_token_types([CONTROL] * 2 + [NORMAL] * (len(TOKENS) - 2))
    writer.add_token_merges(list(MERGES))
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(0)


def _add(writer: GGUFWriter, name: str, shape: tuple[int, ...], random: Any) -> None:
    values = random.normal(0, 0.2, shape).astype(np.float32)
    if len(shape) == 1:
        writer.add_tensor(name, 1 + values)
        return
    kind = GGMLQuantizationType.Q8_0 if name.startswith("token") else GGMLQuantizationType.Q4_1
    writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)
