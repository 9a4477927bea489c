"""A decoder of Assay as transformers' own Llama: the same weights under other names.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import LlamaConfig, LlamaForCausalLM

from assay.tasks.text_generation.pretrained import ours

if TYPE_CHECKING:
    from assay.tasks.text_generation.network import Decoder


def as_llama(model: Decoder) -> Any:
    """Return transformers' network with a decoder's weights, in evaluation."""
    sizes = model.sizes
    other: Any = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=sizes.vocabulary,
            hidden_size=sizes.width,
            intermediate_size=sizes.inner,
            num_hidden_layers=sizes.layers,
            num_attention_heads=sizes.heads,
            num_key_value_heads=sizes.key_heads,
            max_position_embeddings=sizes.context,
            rms_norm_eps=sizes.epsilon,
            rope_parameters={"rope_type": "default", "rope_theta": sizes.theta},
            tie_word_embeddings=sizes.tied,
            bos_token_id=None,
            eos_token_id=None,
            pad_token_id=0,
        )
    )
    weights = model.state_dict()
    taken = {name: weights[own] for name in other.state_dict() if (own := ours(name)) in weights}
    other.load_state_dict(taken, strict=not sizes.tied)
    if sizes.tied:
        other.tie_weights()
    return other.eval()
