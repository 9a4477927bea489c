"""A decoder with the weights of a pretrained checkpoint of Llama's architecture, and its tokenizer.

Reads a Hugging Face folder: configuration, safetensors, tokenizer. Writes nothing, and runs nothing
of the folder.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from assay.errors import BundleRefused, SettingsError
from assay.files import read_json
from assay.modalities.text import codec
from assay.modalities.text.pretrained import locate
from assay.tasks.text_generation.network import Decoder
from assay.tasks.text_generation.sizes import Sizes

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.text.codec import Codec
    from assay.tasks.text_generation.settings import TextGenerationTrain

# Mistral is Llama where no window limits its attention.
KINDS = ("llama", "mistral")
# transformers' names of the weights' parts, and ours.
NAMES = {
    "model.embed_tokens": "tokens",
    "model.layers": "blocks",
    "model.norm": "norm",
    "lm_head": "head",
    "input_layernorm": "attention_norm",
    "post_attention_layernorm": "mlp_norm",
    "self_attn.q_proj": "attention.queries",
    "self_attn.k_proj": "attention.keys",
    "self_attn.v_proj": "attention.values",
    "self_attn.o_proj": "attention.output",
    "gate_proj": "gate",
    "up_proj": "up",
    "down_proj": "down",
}
# What older checkpoints hold beside the weights: it follows from the sizes.
DERIVED = "rotary_emb.inv_freq"


def start(chosen: TextGenerationTrain) -> tuple[Decoder, Codec]:
    """Return the network that ``train.checkpoint`` names, as it came, and its tokenizer.

    Raises:
        SettingsError: it is not there, of another kind, or its tokenizer does not fit.

    """
    folder = locate(chosen.checkpoint)
    model = read(folder, chosen.context, chosen.dropout)
    try:
        coded = codec.read(folder)
    except BundleRefused as reason:
        raise _refused(folder, f"has no tokenizer: {reason.found}", reason.expected) from reason
    if coded.size > model.sizes.vocabulary:
        raise _refused(
            folder,
            f"has {coded.size:,} tokens and embeddings for {model.sizes.vocabulary:,}",
            "an embedding for each token",
        )
    return model, coded


def read(folder: Path, context: int, dropout: float = 0.0) -> Decoder:
    """Return the network that a folder holds, in fp32, which reads ``context`` tokens at most.

    ``dropout`` is that of its further training: a checkpoint says nothing of it.

    Raises:
        SettingsError: it is of another architecture, or computes what the network does not; its
            weights are missing, cut short, or not those that its sizes name.

    """
    config = _config(folder)
    model = Decoder(replace(sizes(config, folder, context), dropout=dropout))
    try:
        model.load_state_dict(_weights(folder, tied=model.head is None))
    except (RuntimeError, OSError, SafetensorError) as reason:
        raise SettingsError(
            f"the weights in {folder} do not fit its config.json: "
            + " ".join(str(reason).split())[:300],
            expected="the weights of a decoder without biases, whole",
            cure="save it again with transformers' save_pretrained, or name another checkpoint",
        ) from reason
    return model


def sizes(config: Any, folder: Path, context: int) -> Sizes:
    """Return the sizes of a transformers configuration.

    Raises:
        SettingsError: the network does not compute what it describes, or no network has them.

    """
    rotary = config.rope_parameters
    most = min(context, config.max_position_embeddings)
    window = getattr(config, "sliding_window", None)
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    unlike = {
        f"scaled rotary positions ({rotary['rope_type']})": rotary["rope_type"] != "default",
        "biases in its attention": getattr(config, "attention_bias", False),
        "biases in its MLP": getattr(config, "mlp_bias", False),
        f"the activation {config.hidden_act}": config.hidden_act != "silu",
        f"a window of {window} tokens in its attention": window is not None and window < most,
        f"heads of {head} numbers": head * config.num_attention_heads != config.hidden_size,
        "quantized weights": getattr(config, "quantization_config", None) is not None,
    }
    for found, is_so in unlike.items():
        if is_so:
            raise _refused(folder, f"has {found}", "a decoder that computes what Llama does")
    return Sizes(
        vocabulary=config.vocab_size,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        width=config.hidden_size,
        context=most,
        tied=config.tie_word_embeddings,
        kv_heads=config.num_key_value_heads,
        hidden=config.intermediate_size,
        theta=float(rotary["rope_theta"]),
        epsilon=config.rms_norm_eps,
    )


def ours(name: str) -> str:
    """Return our name of one of transformers' weights."""
    for theirs, own in NAMES.items():
        name = name.replace(theirs, own)
    return name


def _config(folder: Path) -> Any:
    """Return transformers' configuration, which fills in what the file leaves out."""
    from transformers import AutoConfig

    try:
        kind = read_json(folder / "config.json").get("model_type")
        if kind in KINDS:
            return AutoConfig.from_pretrained(folder)
    except (OSError, ValueError, AttributeError, KeyError) as reason:
        raise _refused(folder, f"can't be read: {reason}", "a config.json of transformers") from (
            reason
        )
    raise _refused(folder, f"is of the kind {kind}", f"one of: {', '.join(KINDS)}")


def _weights(folder: Path, *, tied: bool) -> dict[str, torch.Tensor]:
    """Return all weights by our names; of a tied head, the table of embeddings alone."""
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        for name, value in load_file(file).items():
            if not name.endswith(DERIVED) and not (tied and name == "lm_head.weight"):
                found[ours(name)] = value.to(torch.float32)
    return found


def _refused(folder: Path, found: str, expected: str) -> SettingsError:
    return SettingsError(
        f"the checkpoint {folder} {found}",
        expected=expected,
        cure="name another checkpoint in train.checkpoint",
    )
