"""The decoder of a GGUF file as a Hugging Face folder: config, weights, tokenizer.

Writes the folder; a named file's, into the user's cache, once. Needs neither torch nor
transformers. Weights are float32: those of 4 and 5 bits have a step and an offset, and what comes
of the two does not fit float16.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from safetensors.numpy import save_file

from assay.files import sha256, write_json
from assay.modalities.text import byte_bpe, cached_folder, codec, gguf_file
from assay.modalities.text.encoding import TOKENIZER
from assay.progress import say

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.text.gguf_file import GgufDecoder

# Another form of the folder is another folder: what an earlier version of Assay wrote stays apart.
FORM = 1


def of_file(path: Path) -> Path:
    """Return the folder of a GGUF file in the user's cache; make it where it is not whole.

    Raises:
        SettingsError: the file is no such decoder.

    """
    return _of_content(path, sha256(path))


@functools.cache
def _of_content(path: Path, digest: str) -> Path:
    def written(target: Path) -> None:
        say(f"writing {path.name} as a Hugging Face folder (once)")
        write(gguf_file.read(path), target)

    return cached_folder.kept(f"gguf-{digest[:32]}-{FORM}", written)


def write(carried: GgufDecoder, target: Path) -> None:
    """Write config, weights and tokenizer into a folder; equal decoders, equal bytes.

    Raises:
        SettingsError: the tokenizer is of an unknown kind.

    """
    tokenizer = json.dumps(byte_bpe.described(carried.vocabulary), ensure_ascii=False, indent=1)
    (target / TOKENIZER).write_text(tokenizer + "\n", encoding="utf-8", newline="\n")
    write_json(target / "config.json", _config(carried))
    save_file(dict(sorted(carried.weights.items())), target / "model.safetensors", {"format": "pt"})
    described = {
        codec.END_KEY: carried.vocabulary.end,
        "model_max_length": carried.sizes.positions,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    write_json(target / codec.CONFIG, described)


def _config(carried: GgufDecoder) -> dict[str, Any]:
    sizes, tokens = carried.sizes, carried.vocabulary.tokens
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": sizes.width,
        "intermediate_size": sizes.inner,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.key_heads,
        "max_position_embeddings": sizes.positions,
        "rms_norm_eps": sizes.epsilon,
        "rope_theta": sizes.theta,
        "tie_word_embeddings": "lm_head.weight" not in carried.weights,
        "vocab_size": len(tokens),
        "bos_token_id": None,
        "eos_token_id": tokens.index(carried.vocabulary.end),
        "dtype": "float32",
    }
