"""A text network as an ONNX graph: logits, and the embedding that they are read from.

Reads and writes nothing but what it is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from assay.bundle.classifier import EMBEDDING, LOGITS
from assay.gateways import onnx as gateway
from assay.tasks.text_classification.network import INPUTS

if TYPE_CHECKING:
    import onnx

    from assay.tasks.text_classification.networks import TextNetwork

DYNAMIC = {0: "batch", 1: "length"}


class WithEmbedding(torch.nn.Module):
    """A network that returns what its head reads, too."""

    def __init__(self, model: TextNetwork) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (batch, classes) and embedding (batch, width)."""
        pooled = self.model.pooled(input_ids, attention_mask)
        return self.model.head(pooled), pooled


def traced(model: TextNetwork) -> onnx.ModelProto:
    """Return the graph from token ids and mask, int64 (batch, length), to both, float32.

    The logits are the first output: whoever asks a graph for one answer gets them.
    """
    example = torch.ones((2, 16), dtype=torch.int64)
    return gateway.from_torch(
        WithEmbedding(model),
        dict.fromkeys(INPUTS, example),
        dict.fromkeys(INPUTS, DYNAMIC),
        [LOGITS, EMBEDDING],
    )
