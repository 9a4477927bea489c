"""From a decoder to one ONNX graph that reads a prompt and each token behind it.

Reads and writes nothing but what it is given. The graph's inputs and outputs are named as
transformers names them, so that others' tools can run it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from assay.gateways import onnx as gateway
from assay.tasks.text_generation.layers import Cache

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx

    from assay.tasks.text_generation.network import Decoder

DYNAMIC = {
    "input_ids": {0: "batch", 1: "length"},
    "attention_mask": {0: "batch", 1: "total"},
    "logits_to_keep": {0: "kept"},
    "past_key_values": {0: "batch", 2: "past"},
    "logits": {0: "batch", 1: "kept"},
    "present": {0: "batch", 2: "total"},
}
# Every dynamic size at 2 or more, and no two alike.
BATCH, LENGTH, PAST, KEPT = 2, 3, 5, 2


class Served(torch.nn.Module):
    """A decoder with its cache, as a function of tensors alone."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: torch.Tensor,
        past_key_values: Sequence[Mapping[str, torch.Tensor]],
    ) -> tuple[torch.Tensor, list[dict[str, torch.Tensor]]]:
        """Return what :meth:`Decoder.cached` does, each layer's cache as a mapping."""
        logits, present = self.decoder.cached(
            input_ids, attention_mask, logits_to_keep, [Cache(**one) for one in past_key_values]
        )
        return logits, [one._asdict() for one in present]


def graph(decoder: Decoder) -> onnx.ModelProto:
    """Return the decoder as an ONNX graph in fp32."""
    sizes = decoder.sizes
    layers = range(sizes.layers)
    tensor = torch.zeros((BATCH, sizes.key_heads, PAST, sizes.head_size))
    return gateway.from_torch(
        Served(decoder),
        {
            "input_ids": torch.zeros((BATCH, LENGTH), dtype=torch.int64),
            "attention_mask": torch.ones((BATCH, PAST + LENGTH), dtype=torch.int64),
            "logits_to_keep": torch.arange(KEPT),
            "past_key_values": [dict.fromkeys(Cache._fields, tensor) for _ in layers],
        },
        DYNAMIC,
        ["logits", *(f"present.{layer}.{part}" for layer in layers for part in Cache._fields)],
    )
