"""A bidirectional LSTM whose head reads the largest value of each state over a text's tokens.

Reads and writes nothing. Hochreiter and Schmidhuber, "Long short-term memory", Neural Computation
1997; max pooling as in Conneau et al., "Supervised learning of universal sentence representations",
EMNLP 2017.
"""

from __future__ import annotations

import torch
from torch import onnx

from assay.tasks.text_classification.settings import LONGEST

# Of ONNX's operator; the graph's own is later, and takes it.
VERSION = 14
# Below any state of an LSTM, which lies between -1 and 1.
BELOW = -2.0


class Recurrent(torch.nn.Module):
    """Embeddings, an LSTM from either end, max pooling, a linear head.

    Two LSTMs instead of a bidirectional one: that reads a short text's padding before the text.
    """

    longest = LONGEST

    def __init__(self, vocabulary: int, width: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.tokens = torch.nn.Embedding(vocabulary, width)
        torch.nn.init.normal_(self.tokens.weight, std=0.1)
        self.forwards, self.backwards = (
            torch.nn.LSTM(width, width, batch_first=True) for _ in range(2)
        )
        self.dropout = torch.nn.Dropout(dropout)
        self.classifier = torch.nn.Linear(2 * width, classes)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of token ids and mask (batch, length)."""
        return self.head(self.pooled(input_ids, attention_mask))

    def head(self, pooled: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of what :meth:`pooled` returned."""
        logits: torch.Tensor = self.classifier(self.dropout(pooled))
        return logits

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return the largest states, (batch, 2 * width), of token ids and mask (batch, length).

        The mask is ones, then zeros: padding stands behind a text, in either direction.
        """
        lengths = attention_mask.sum(1, keepdim=True)  # (B, 1)
        places = torch.arange(input_ids.shape[1], device=input_ids.device)  # (L,)
        turned = torch.where(places < lengths, lengths - 1 - places, places)  # (B, L)
        padding = (attention_mask == 0).unsqueeze(-1)  # (B, L, 1)
        pooled = []
        for lstm, ids in (
            (self.forwards, input_ids),
            (self.backwards, input_ids.gather(1, turned)),
        ):
            states = _states(lstm, self.dropout(self.tokens(ids)))  # (B, L, width)
            pooled.append(states.masked_fill(padding, BELOW).amax(1))
        return torch.cat(pooled, dim=1)


def _states(lstm: torch.nn.LSTM, values: torch.Tensor) -> torch.Tensor:
    """Return the states (batch, length, width) of values (batch, length, width).

    While it is exported, as ONNX's own operator: torch 2.13 unrolls its LSTM to the example's
    length, at every export of a process but the first (pytorch#193192). ``parity`` holds both
    against each other at each export.
    """
    if not torch.compiler.is_exporting():
        states: torch.Tensor = lstm(values)[0]
        return states
    found = onnx.ops.symbolic(
        "LSTM",
        [
            values.transpose(0, 1),  # (L, B, width)
            _gates(lstm, "weight_ih_l0").unsqueeze(0),  # (1, 4 * width, width)
            _gates(lstm, "weight_hh_l0").unsqueeze(0),
            torch.cat([_gates(lstm, "bias_ih_l0"), _gates(lstm, "bias_hh_l0")]).unsqueeze(0),
        ],
        {"hidden_size": lstm.hidden_size},
        dtype=values.dtype,
        shape=(values.shape[1], 1, values.shape[0], lstm.hidden_size),
        version=VERSION,
    )  # (L, 1, B, width)
    return found.squeeze(1).transpose(0, 1)


def _gates(lstm: torch.nn.LSTM, name: str) -> torch.Tensor:
    """Return weights or biases with their gates in ONNX's order: input, output, forget, cell."""
    own: torch.Tensor = lstm.get_parameter(name)  # (4 * width, ...): input, forget, cell, output
    return own.view(4, lstm.hidden_size, *own.shape[1:])[[0, 3, 1, 2]].flatten(0, 1)
