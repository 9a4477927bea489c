"""A small decoder that learned a text by heart, and its graph."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from assay.gateways import onnx as gateway
from assay.tasks.text_generation import graph as graphs
from assay.tasks.text_generation.network import Decoder
from assay.tasks.text_generation.sizes import Sizes
from tests.conftest import ROOT

if TYPE_CHECKING:
    import onnx

STEPS, BATCH, LENGTH = 150, 8, 96
CONTEXT = 200
TEXT = " ".join((ROOT / "LICENSE").read_text(encoding="utf-8").split())[:1000]
LETTERS = sorted(set(TEXT))
# Queries share keys, and head and table differ: all that the sizes may ask for.
SIZES = Sizes(len(LETTERS), 2, 4, 64, CONTEXT, dropout=0.05, tied=False, kv_heads=2)


def ids(text: str) -> list[int]:
    """Return a text's token ids: its letters' places."""
    return [LETTERS.index(letter) for letter in text]


@functools.cache
@torch.inference_mode(mode=False)  # who asks first may be in it
def decoder() -> Decoder:
    """Return the decoder, which a few steps taught the text."""
    torch.manual_seed(5)
    model = Decoder(SIZES)
    known = torch.tensor(ids(TEXT))
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    model.train()
    for _ in range(STEPS):
        starts = torch.randint(len(known) - LENGTH, (BATCH, 1))
        rows = known[starts + torch.arange(LENGTH + 1)]  # (B, L + 1)
        logits = model(rows[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return model.eval()


@functools.cache
def graph() -> onnx.ModelProto:
    """Return the decoder as ONNX in fp32."""
    return graphs.graph(decoder())


@functools.cache
def fp32() -> bytes:
    """Return the bytes of the graph."""
    return gateway.serialize(graph(), {})


@functools.cache
def int8() -> bytes:
    """Return the bytes of the graph with products in int8."""
    return gateway.serialize(gateway.quantize_dynamic(graph()), {})


def greedy(prompt: list[int], count: int) -> list[int]:
    """Return what torch alone says: every time the whole text is read again."""
    text = list(prompt)
    with torch.inference_mode():
        for _ in range(count):
            text.append(int(decoder()(torch.tensor([text]))[0, -1].argmax()))
    return text[len(prompt) :]
