"""A decoder-only transformer: rotary positions, RMS normalisation, SwiGLU, no biases.

Reads and writes nothing. It is the architecture of Llama (Touvron et al., 2023), so that weights of
a checkpoint of that kind fit, unless its positions are scaled. ``forward`` is for training,
``cached`` for serving and export; both compute the same.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from assay.tasks.text_generation.layers import (
    Block,
    Cache,
    RootMeanSquareNorm,
    Rotation,
    rotations,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.tasks.text_generation.sizes import Sizes

# Of fresh weights; those that are added to the states have less, by how often something is added
# (Radford et al., "Language models are unsupervised multitask learners", 2019).
DEVIATION = 0.02


class Decoder(nn.Module):
    """The network: from token ids to logits of the token that follows each."""

    def __init__(self, sizes: Sizes) -> None:
        """Make the layers with fresh weights, drawn from torch's seed."""
        super().__init__()
        self.sizes = sizes
        self.tokens = nn.Embedding(sizes.vocabulary, sizes.width)
        self.dropout = nn.Dropout(sizes.dropout)
        self.blocks = nn.ModuleList(Block(sizes) for _ in range(sizes.layers))
        self.norm = RootMeanSquareNorm(sizes.width, sizes.epsilon)
        self.head = None if sizes.tied else nn.Linear(sizes.width, sizes.vocabulary, bias=False)
        rotation = rotations(sizes)
        # They follow from the sizes, and are no weights.
        self.register_buffer("cosines", rotation.cosines, persistent=False)
        self.register_buffer("sines", rotation.sines, persistent=False)
        self._draw()

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, length, vocabulary) of token ids (batch, length), int64.

        Those at one place know the tokens up to it and none behind. ``length`` is the context at
        most.
        """
        length = input_ids.shape[1]
        rotate = Rotation(self.get_buffer("cosines")[:length], self.get_buffer("sines")[:length])
        states = self.dropout(self.tokens(input_ids))  # (B, L, width)
        for block in self.blocks:
            states = block(states, rotate)
        return self._logits(states)

    def cached(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: torch.Tensor,
        past: Sequence[Cache],
    ) -> tuple[torch.Tensor, list[Cache]]:
        """Read tokens behind those that are cached.

        Args:
            input_ids: (batch, length), int64.
            attention_mask: (batch, past + length), int64: 0 for padding, which stands on the left,
                1 for a token. A row's positions count its tokens alone.
            logits_to_keep: (kept,), int64: the places among ``length`` whose logits are wanted.
            past: of each layer, its cache of ``past`` tokens, which may be none.

        Returns:
            Logits (batch, kept, vocabulary), and the caches with the tokens that were read.

        """
        length, total = input_ids.shape[1], attention_mask.shape[1]
        positions = (attention_mask.cumsum(dim=1) - 1).clamp(min=0)[:, total - length :]  # (B, L)
        rotate = Rotation(
            *(
                functional.embedding(positions, self.get_buffer(name)).unsqueeze(1)
                for name in ("cosines", "sines")
            )
        )  # (B, 1, L, D)
        bias = _bias(attention_mask, length)
        states = self.tokens(input_ids)
        present = []
        for block, cache in zip(self.blocks, past, strict=True):
            assert isinstance(block, Block)  # noqa: S101  nn.ModuleList forgets the type
            states, grown = block.cached(states, rotate, cache, bias)
            present.append(grown)
        return self._logits(states.index_select(1, logits_to_keep)), present

    def empty(self, batch: int) -> list[Cache]:
        """Return caches of no tokens."""
        shape = (batch, self.sizes.key_heads, 0, self.sizes.head_size)
        return [Cache(torch.zeros(shape), torch.zeros(shape)) for _ in self.blocks]

    def _logits(self, states: torch.Tensor) -> torch.Tensor:
        table = self.tokens if self.head is None else self.head
        return functional.linear(self.norm(states), table.weight)

    def _draw(self) -> None:
        """Draw weights; norms begin with ones."""
        added = DEVIATION / math.sqrt(2 * self.sizes.layers)
        for name, weight in self.named_parameters():
            if weight.ndim > 1:
                is_added = name.endswith(("attention.output.weight", "mlp.down.weight"))
                nn.init.normal_(weight, std=added if is_added else DEVIATION)


def _bias(attention_mask: torch.Tensor, length: int) -> torch.Tensor:
    """Return what is added to scores (B, 1, L, T): zero, or the least number where none may look.

    The mask is (B, T). Of padding, all is forbidden alike: what it finds is finite, and unread.
    """
    total = attention_mask.shape[1]
    places = torch.arange(total, device=attention_mask.device)
    past = places.unsqueeze(0) <= places[total - length :].unsqueeze(1)  # (L, T)
    allowed = past & (attention_mask > 0).unsqueeze(1)  # (B, L, T)
    least = torch.finfo(torch.float32).min
    return torch.where(allowed, 0.0, least).unsqueeze(1)
