"""A GGUF file of a decoder with Llama's architecture: sizes, weights, vocabulary.

Reads one file, through PyPI's ``gguf`` alone, which also turns quantized weights into float32.
Writes nothing. The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gguf import GGUFReader

    Floats = np.ndarray[Any, np.dtype[np.float32]]

ARCHITECTURES = ("llama",)
# Kinds of a token, as the file numbers them.
CONTROL, USER_DEFINED = 3, 4
# transformers' names of the tensors by the file's: of all, and of one block.
WHOLE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
PARTS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
BLOCK = re.compile(r"blk\.(\d+)\.(\w+)\.weight")
# Of a token that the file does not name.
NONE = -1
# What the library raises where bytes are missing (IndexError) or make no sense (ValueError).
BROKEN = (ValueError, IndexError)


@dataclass(frozen=True)
class Sizes:
    """The sizes of a decoder; ``theta`` is the base of its rotary positions' wavelengths."""

    layers: int
    width: int
    inner: int
    heads: int
    key_heads: int
    positions: int
    theta: float
    epsilon: float


@dataclass(frozen=True)
class Vocabulary:
    """What the file says of its tokenizer.

    Attributes:
        tokens: by token id.
        kinds: of each, :data:`CONTROL`, :data:`USER_DEFINED` or another number.
        merges: pairs of tokens with a space between them, the first merge first.
        splitting: the name of the rule by which a text is split before it is merged.
        end: the token that ends a text.
        unknown: the token that stands for what no token covers, if there is one.

    """

    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    merges: tuple[str, ...]
    splitting: str
    end: str
    unknown: str | None


@dataclass(frozen=True, eq=False)
class GgufDecoder:
    """What the file holds; ``weights`` are float32 by transformers' names, in its shapes."""

    sizes: Sizes
    vocabulary: Vocabulary
    weights: Mapping[str, Floats]


def read(path: Path) -> GgufDecoder:
    """Read a file.

    Raises:
        SettingsError: it is no GGUF file or cut short, of another architecture, its rotary
            positions are scaled, or its tokenizer is no byte-level BPE.

    """
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
    except (*BROKEN, OSError) as problem:
        raise _broken(path, problem) from problem
    said = _Metadata(path, reader)
    try:
        _require_plain(said)
        sizes = _sizes(said)
        return GgufDecoder(sizes, _vocabulary(said), dict(_weights(said, sizes)))
    except BROKEN as problem:
        raise _broken(path, problem) from problem


class _Metadata:
    """What a file says, by its keys."""

    def __init__(self, path: Path, reader: GGUFReader) -> None:
        self.path, self.reader = path, reader

    def get(self, key: str) -> Any:
        """Return a value; None where the file does not say it."""
        field = self.reader.get_field(key)
        return None if field is None else field.contents()

    def listed(self, key: str) -> tuple[Any, ...]:
        """Return the values of a list."""
        value = self.get(key)
        if not isinstance(value, list):
            raise ValueError(f"{key} is no list")
        return tuple(value)

    def whole(self, key: str, default: int | None = None, least: int = 1) -> int:
        """Return a whole number, ``least`` or more."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or value < least:
            raise ValueError(f"{key} is {value}, and no whole number of {least} or more")
        return value

    def real(self, key: str, default: float | None = None) -> float:
        """Return a number as it was before the file made it a float32."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, float):
            raise ValueError(f"{key} is {value}, and no number")
        return float(str(np.float32(value)))

    def refused(self, found: str, expected: str) -> SettingsError:
        """Return the refusal of a file that is whole, and of the wrong kind."""
        return SettingsError(
            f"{self.path} {found}",
            expected=expected,
            cure="name another checkpoint in train.checkpoint",
        )


def _require_plain(said: _Metadata) -> None:
    """Refuse what the network does not compute."""
    architecture = said.get("general.architecture")
    if architecture not in ARCHITECTURES:
        raise said.refused(
            f"is of the architecture {architecture}", f"one of: {', '.join(ARCHITECTURES)}"
        )
    scaling = said.get("llama.rope.scaling.type")
    scaled = any(tensor.name == "rope_freqs.weight" for tensor in said.reader.tensors)
    if scaling not in (None, "none") or said.get("llama.rope.scale_linear") is not None or scaled:
        raise said.refused(
            f"has scaled rotary positions ({scaling or 'by frequency'})",
            "a decoder whose rotary positions are not scaled",
        )
    model = said.get("tokenizer.ggml.model")
    if model != "gpt2":
        raise said.refused(f"has a tokenizer of the kind {model}", "byte-level BPE (gpt2)")


def _sizes(said: _Metadata) -> Sizes:
    heads, width = said.whole("llama.attention.head_count"), said.whole("llama.embedding_length")
    for key in ("rope.dimension_count", "attention.key_length", "attention.value_length"):
        found = said.whole(f"llama.{key}", width // heads)
        if found != width // heads:
            raise said.refused(f"has llama.{key} {found}", f"{width // heads}: width over heads")
    return Sizes(
        layers=said.whole("llama.block_count"),
        width=width,
        inner=said.whole("llama.feed_forward_length"),
        heads=heads,
        key_heads=said.whole("llama.attention.head_count_kv", heads),
        positions=said.whole("llama.context_length"),
        theta=said.real("llama.rope.freq_base", 10_000.0),
        epsilon=said.real("llama.attention.layer_norm_rms_epsilon"),
    )


def _vocabulary(said: _Metadata) -> Vocabulary:
    tokens = said.listed("tokenizer.ggml.tokens")
    unknown = said.whole("tokenizer.ggml.unknown_token_id", NONE, least=0)
    return Vocabulary(
        tokens=tokens,
        kinds=said.listed("tokenizer.ggml.token_type"),
        merges=said.listed("tokenizer.ggml.merges"),
        splitting=str(said.get("tokenizer.ggml.pre")),
        end=tokens[said.whole("tokenizer.ggml.eos_token_id", least=0)],
        unknown=None if unknown == NONE else tokens[unknown],
    )


def _weights(said: _Metadata, sizes: Sizes) -> Iterator[tuple[str, Floats]]:
    from gguf import dequantize

    for tensor in said.reader.tensors:
        try:
            plain = dequantize(tensor.data, tensor.tensor_type)
        except NotImplementedError as problem:  # a kind that the library can only write
            raise said.refused(
                f"holds weights of the kind {tensor.tensor_type.name}",
                "a kind of quantization that PyPI's gguf reads",
            ) from problem
        # The file lists sizes from the innermost on.
        weight = plain.reshape(tensor.shape[::-1])
        block = BLOCK.fullmatch(tensor.name)
        part = block.group(2) if block else ""
        if tensor.name not in WHOLE and part not in PARTS:
            raise said.refused(
                f"holds the tensor {tensor.name}", "the weights of a decoder without biases"
            )
        heads = {"attn_q": sizes.heads, "attn_k": sizes.key_heads}.get(part)
        if heads is not None:
            weight = _unpermuted(weight, heads)
        name = f"model.layers.{block.group(1)}.{PARTS[part]}.weight" if block else ""
        yield name or WHOLE[tensor.name], np.ascontiguousarray(weight, np.float32)


def _unpermuted(weight: Floats, heads: int) -> Floats:
    """Return the rows (heads * D, width) of each head in the order in which transformers has them.

    llama.cpp rotates number 2i of a head with number 2i + 1, transformers number i with i + D/2, so
    the file's row 2i + j of a head is transformers' row i + j D/2.
    """
    size = weight.shape[0] // heads
    pairs = weight.reshape(heads, size // 2, 2, weight.shape[1])
    return pairs.swapaxes(1, 2).reshape(weight.shape)


def _broken(path: Path, problem: Exception) -> SettingsError:
    reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
    return SettingsError(
        f"{path} can't be read as GGUF: {reason}",
        expected="a GGUF file, whole",
        cure="copy or fetch it again; llama.cpp's llama-gguf shows what a file holds",
    )
