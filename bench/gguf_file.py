"""A Llama of transformers as a GGUF file, for llama.cpp. Writes the file that it is told to.

Token ids go in and out: the file holds no tokenizer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gguf
from gguf import GGMLQuantizationType

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    Weights = np.ndarray[Any, np.dtype[np.float32]]

FP32, INT8 = GGMLQuantizationType.F32, GGMLQuantizationType.Q8_0


def write(path: Path, model: Any, kind: GGMLQuantizationType) -> None:
    """Write a ``LlamaForCausalLM``; its matrices as ``kind``, its vectors in fp32."""
    chosen = model.config
    file = gguf.GGUFWriter(path, "llama")
    file.add_block_count(chosen.num_hidden_layers)
    file.add_context_length(chosen.max_position_embeddings)
    file.add_embedding_length(chosen.hidden_size)
    file.add_feed_forward_length(chosen.intermediate_size)
    file.add_head_count(chosen.num_attention_heads)
    file.add_head_count_kv(chosen.num_key_value_heads)
    file.add_layer_norm_rms_eps(chosen.rms_norm_eps)
    file.add_rope_dimension_count(chosen.hidden_size // chosen.num_attention_heads)
    file.add_rope_freq_base(chosen.rope_parameters["rope_theta"])
    file.add_vocab_size(chosen.vocab_size)
    file.add_tokenizer_model("no_vocab")
    heads = {"attn_q": chosen.num_attention_heads, "attn_k": chosen.num_key_value_heads}
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, chosen.num_hidden_layers)
    for own, weights in model.state_dict().items():
        if own == "lm_head.weight" and chosen.tie_word_embeddings:
            continue
        name = names[own.removesuffix(".weight")]
        values = weights.float().numpy()
        if (part := name.rpartition(".")[2]) in heads:
            values = _rotated(values, heads[part])
        used = kind if values.ndim == 2 else FP32
        file.add_tensor(f"{name}.weight", gguf.quantize(values, used), raw_dtype=used)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def _rotated(weights: Weights, heads: int) -> Weights:
    """Return queries' or keys' weights (width, inputs) as llama.cpp turns them.

    transformers turns the first half of a head with the second half, llama.cpp each number with its
    neighbour.
    """
    halves = weights.reshape(heads, 2, -1, weights.shape[1])
    return halves.swapaxes(1, 2).reshape(weights.shape)
