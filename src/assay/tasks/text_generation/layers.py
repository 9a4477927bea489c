"""The layers of a decoder: normalisation, rotary positions, attention, MLP, and their block.

Reads and writes nothing. No layer has biases. In shapes B is the batch, L the length of what is
read now, P that of what is cached, T = P + L, H the heads, K the heads of keys and values, D the
size of a head.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from assay.tasks.text_generation.sizes import Sizes


class Cache(NamedTuple):
    """What one layer keeps of the tokens that it read; keys are already rotated."""

    key: torch.Tensor  # (B, K, P, D)
    value: torch.Tensor  # (B, K, P, D)


class Rotation(NamedTuple):
    """By what the queries and keys at some positions are rotated, each (L, D) or (B, 1, L, D)."""

    cosines: torch.Tensor
    sines: torch.Tensor

    def __call__(self, vectors: torch.Tensor) -> torch.Tensor:
        """Rotate vectors (B, heads, L, D): number i with number i + D/2, as Llama pairs them."""
        first, second = vectors.chunk(2, dim=-1)
        # The sines of the first half are negative.
        return vectors * self.cosines + torch.cat([second, first], dim=-1) * self.sines


def rotations(sizes: Sizes) -> Rotation:
    """Return the rotations (context, D) of all positions, float32.

    Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021: at position t
    the i-th pair of D/2 is turned by t * theta^(-2i/D), so that a product of query and key knows
    how far apart they are, and nothing else of where they are.
    """
    pairs = torch.arange(0, sizes.head_size, 2, dtype=torch.float64) / sizes.head_size
    positions = torch.arange(sizes.context, dtype=torch.float64)
    angles = positions.unsqueeze(1) * sizes.theta**-pairs  # (context, D/2)
    cosines, sines = angles.cos(), angles.sin()
    return Rotation(
        torch.cat([cosines, cosines], dim=1).float(), torch.cat([-sines, sines], dim=1).float()
    )


class RootMeanSquareNorm(nn.Module):
    """x / sqrt(mean(x^2) + epsilon), times a weight for each number.

    Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019. Written as onnxruntime
    knows it: it makes one operator of these.
    """

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Normalise states (..., width)."""
        size = torch.sqrt(states.pow(2).mean(dim=-1, keepdim=True) + self.epsilon)
        return states / size * self.weight


class Attention(nn.Module):
    """Causal attention of several heads.

    Dropout is left to the block, so that training has one kernel for products and softmax.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.heads, self.key_heads, self.size = sizes.heads, sizes.key_heads, sizes.head_size
        inner = self.key_heads * self.size
        self.queries = nn.Linear(sizes.width, sizes.width, bias=False)
        self.keys = nn.Linear(sizes.width, inner, bias=False)
        self.values = nn.Linear(sizes.width, inner, bias=False)
        self.output = nn.Linear(sizes.width, sizes.width, bias=False)

    def forward(self, states: torch.Tensor, rotate: Rotation) -> torch.Tensor:
        """Attend from each of states (B, L, width) to itself and those before it."""
        queries, fresh = self._projected(states, rotate)
        found = functional.scaled_dot_product_attention(
            queries, *fresh, is_causal=True, enable_gqa=self.key_heads < self.heads
        )
        return self._joined(found)

    def cached(
        self, states: torch.Tensor, rotate: Rotation, past: Cache, bias: torch.Tensor
    ) -> tuple[torch.Tensor, Cache]:
        """Attend from states (B, L, width) to what is cached and to themselves.

        ``bias`` (B, 1, L, T) is added to the scores: zero, or below any score where nothing may be
        read. The cache that is returned holds T tokens.
        """
        queries, fresh = self._projected(states, rotate)
        keys, values = (torch.cat(pair, dim=2) for pair in zip(past, fresh, strict=True))
        batch, length = states.shape[:2]
        group = self.heads // self.key_heads
        # The heads that share keys stand behind one another, so that no key is copied for each.
        queries = (queries / math.sqrt(self.size)).reshape(
            batch, self.key_heads, group * length, self.size
        )
        scores = (queries @ keys.transpose(2, 3)).view(batch, self.heads, length, -1) + bias
        weights = scores.softmax(dim=-1).view(batch, self.key_heads, group * length, -1)
        found = (weights @ values).view(batch, self.heads, length, self.size)
        return self._joined(found), Cache(keys, values)

    def _projected(self, states: torch.Tensor, rotate: Rotation) -> tuple[torch.Tensor, Cache]:
        """Return queries (B, H, L, D), keys and values (B, K, L, D)."""
        queries = self._split(self.queries(states), self.heads)
        keys = self._split(self.keys(states), self.key_heads)
        values = self._split(self.values(states), self.key_heads)
        return rotate(queries), Cache(rotate(keys), values)

    def _split(self, states: torch.Tensor, heads: int) -> torch.Tensor:
        """Return (B, heads, L, D) of (B, L, heads * D)."""
        return states.view(*states.shape[:2], heads, self.size).transpose(1, 2)

    def _joined(self, found: torch.Tensor) -> torch.Tensor:
        """Return the output (B, L, width) of what the heads found, (B, H, L, D)."""
        answer: torch.Tensor = self.output(found.transpose(1, 2).flatten(2))
        return answer


class GatedMlp(nn.Module):
    """SwiGLU: (silu(x gate) * (x up)) down.

    Shazeer, "GLU variants improve transformer", 2020, where it has a lower loss than an MLP with
    GELU of as many weights.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.gate = nn.Linear(sizes.width, sizes.inner, bias=False)
        self.up = nn.Linear(sizes.width, sizes.inner, bias=False)
        self.down = nn.Linear(sizes.inner, sizes.width, bias=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return (..., width) of states (..., width)."""
        answer: torch.Tensor = self.down(functional.silu(self.gate(states)) * self.up(states))
        return answer


class Block(nn.Module):
    """Attention and MLP, each of normalised states, each added to what came in."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.attention_norm = RootMeanSquareNorm(sizes.width, sizes.epsilon)
        self.attention = Attention(sizes)
        self.mlp_norm = RootMeanSquareNorm(sizes.width, sizes.epsilon)
        self.mlp = GatedMlp(sizes)
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(self, states: torch.Tensor, rotate: Rotation) -> torch.Tensor:
        """Return the next states (B, L, width)."""
        states = states + self.dropout(self.attention(self.attention_norm(states), rotate))
        return self._transformed(states)

    def cached(
        self, states: torch.Tensor, rotate: Rotation, past: Cache, bias: torch.Tensor
    ) -> tuple[torch.Tensor, Cache]:
        """Return the next states (B, L, width) and the layer's cache with them."""
        found, present = self.attention.cached(self.attention_norm(states), rotate, past, bias)
        return self._transformed(states + self.dropout(found)), present

    def _transformed(self, states: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = states + self.dropout(self.mlp(self.mlp_norm(states)))
        return answer
