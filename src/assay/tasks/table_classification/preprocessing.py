"""Raw columns become the inputs of a network, as layers that are exported with it.

Reads and writes nothing. What the layers know (medians, quantiles, the categories) is fitted on the
train split alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

# A bin of the quantile transform whose ends are equal is a step: divided by nearly nothing. Not
# by more, since a column may hold wavelengths in metres.
NARROW = torch.finfo(torch.float32).tiny
# Robust scaling is clipped to so many interquartile ranges.
MOST = 5.0
# An unknown category, one of too few rows, and a missing one that training never saw.
UNKNOWN = 0


class Numbers(nn.Module):
    """Imputes missing numbers by the median, scales them, and adds which were missing.

    ``quantile``: the empirical distribution function of the train split, linear between
    ``quantiles`` quantiles, scaled to mean 0 and variance 1. ``robust``: median 0 and interquartile
    range 1, clipped to 5.
    """

    medians: torch.Tensor
    edges: torch.Tensor
    spread: torch.Tensor

    def __init__(self, columns: int, scaling: str, quantiles: int) -> None:
        """Make layers whose statistics are yet to be fitted or loaded."""
        super().__init__()
        self.scaling = scaling
        self.register_buffer("medians", torch.zeros(columns))
        self.register_buffer("edges", torch.zeros(columns, quantiles + 1))
        self.register_buffer("spread", torch.ones(columns))

    @property
    def width(self) -> int:
        """How many features come out."""
        return 2 * len(self.medians)

    def fit(self, values: torch.Tensor) -> None:
        """Take the statistics of the train split's numbers, (rows, columns), NaN where missing."""
        known = values.double()
        shares = torch.linspace(0, 1, self.edges.shape[1], dtype=torch.float64)
        found = torch.nanquantile(known, shares, dim=0).T
        # A column without any number stands still.
        self.edges.copy_(found.nan_to_num().float())
        self.medians.copy_(torch.nanquantile(known, 0.5, dim=0).nan_to_num().float())
        low, high = torch.nanquantile(known, torch.tensor([0.25, 0.75]).double(), dim=0)
        # Where half of a column is one value (most debts are 0) its quartiles say nothing.
        deviation = torch.sqrt(torch.nanmean((known - torch.nanmean(known, dim=0)) ** 2, dim=0))
        spread = torch.where(high > low, high - low, deviation).nan_to_num()
        self.spread.copy_(torch.where(spread > 0, spread, 1.0).float())

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return (batch, 2 * columns) of (batch, columns): scaled values, then 1 where missing."""
        missing = torch.isnan(values)
        filled = torch.where(missing, self.medians, values)
        scaled = self._quantile(filled) if self.scaling == "quantile" else self._robust(filled)
        return torch.cat([scaled, missing.to(scaled.dtype)], dim=1)

    def _robust(self, values: torch.Tensor) -> torch.Tensor:
        return ((values - self.medians) / self.spread).clamp(-MOST, MOST)

    def _quantile(self, values: torch.Tensor) -> torch.Tensor:
        low, high = self.edges[:, :-1], self.edges[:, 1:]
        shares = (values[:, :, None] - low) / (high - low).clamp(min=NARROW)  # (B, columns, bins)
        uniform = shares.clamp(0, 1).mean(dim=2)
        # A uniform variable has variance 1/12.
        return (uniform - 0.5) * 12**0.5


class Categories(nn.Module):
    """Embeds each column of category numbers; number 0 stands for every unknown category."""

    def __init__(self, sizes: Sequence[int], widest: int) -> None:
        """Make for each column an embedding of at most ``widest`` numbers."""
        super().__init__()
        self.embeddings = nn.ModuleList(
            nn.Embedding(size + 1, min(widest, (size + 3) // 2)) for size in sizes
        )

    @property
    def width(self) -> int:
        """How many features come out."""
        return sum(one.embedding_dim for one in self.embeddings if isinstance(one, nn.Embedding))

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return (batch, width) of int64 category numbers (batch, columns)."""
        parts = [one(codes[:, place]) for place, one in enumerate(self.embeddings)]
        return torch.cat(parts, dim=1)


def vocabulary(column: pd.Series[str], fewest: int) -> list[str]:
    """Return the categories that have a number of their own, from 1 on: those of enough rows."""
    counts = column.value_counts()
    return sorted(str(name) for name, rows in counts.items() if rows >= fewest)


def codes(table: pd.DataFrame, vocabularies: dict[str, list[str]]) -> torch.Tensor:
    """Return category numbers, int64 of shape (rows, columns)."""
    found = torch.zeros(len(table), len(vocabularies), dtype=torch.int64)
    for place, (name, known) in enumerate(vocabularies.items()):
        number = {category: position for position, category in enumerate(known, start=1)}
        column = [number.get(str(cell), UNKNOWN) for cell in table[name]]
        found[:, place] = torch.tensor(column, dtype=torch.int64)
    return found
