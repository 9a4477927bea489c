"""Rows of raw values as the two tensors that a graph takes: numbers, and categories as texts.

Reads and writes nothing. Imputation, scaling and the numbering of categories are the graph's: here
a missing number becomes NaN and a missing category an empty text. Needs numpy, never torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.modalities.table import cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from assay.bundle.manifest import Manifest

NUMBERS, CATEGORIES = "numbers", "categories"
MISSING = "missing"


@dataclass(frozen=True)
class EncodedRows:
    """Rows as arrays: float32 (rows, numbers), and texts (rows, categories)."""

    numbers: np.ndarray[Any, Any]
    categories: np.ndarray[Any, Any]
    truncated: int = 0

    @property
    def unknown(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Zeros, float64 of shape (rows,): training has met unknown and missing values too."""
        return np.zeros(len(self.numbers))

    def batches(self, size: int) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Yield (rows, feeds) in the rows' order."""
        for start in range(0, len(self.numbers), size):
            chosen = slice(start, start + size)
            feeds = {NUMBERS: self.numbers[chosen], CATEGORIES: self.categories[chosen]}
            yield list(range(start, start + len(feeds[NUMBERS]))), feeds


@dataclass(frozen=True)
class RowEncoder:
    """The columns of a model, in its order."""

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    missing: tuple[str, ...]

    def __call__(self, inputs: Sequence[Mapping[str, object]]) -> EncodedRows:
        """Encode rows; a value that is absent, or no number where one should be, is missing."""
        texts = [
            {name: cells.text_of(row.get(name)) for name in (*self.numbers, *self.categories)}
            for row in inputs
        ]
        numbers = [[self._number(row[name]) for name in self.numbers] for row in texts]
        categories = [
            [cells.category_of(row[name], self.missing) for name in self.categories]
            for row in texts
        ]
        return EncodedRows(
            np.array(numbers, dtype=np.float32).reshape(len(texts), len(self.numbers)),
            np.array(categories, dtype=object).reshape(len(texts), len(self.categories)),
        )

    def _number(self, text: str | None) -> float:
        value = cells.number_of(text, self.missing)
        return np.nan if value is None else value


def of_bundle(_folder: Path, manifest: Manifest) -> RowEncoder:
    """Return the encoder of a bundle, from the columns that its manifest names."""
    return RowEncoder(*(manifest.names(name) for name in (NUMBERS, CATEGORIES, MISSING)))


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as mappings, as the encoder takes them."""
    names = [str(name) for name in table.columns]
    columns = [cells.cells_of(table.iloc[:, place]) for place in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
