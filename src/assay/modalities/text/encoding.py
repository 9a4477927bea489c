"""Texts as token ids: a tokenizer file, and batches with little padding.

Reads ``tokenizer.json``. Writes nothing. Needs tokenizers and numpy, never torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import tokenizers

    from assay.bundle.manifest import Manifest

TOKENIZER = "tokenizer.json"
# Lengths are padded up to a multiple of this: every new matrix shape costs a runtime its planning.
LENGTH_STEP = 8


@dataclass(frozen=True)
class Encoding:
    """Token ids of many texts, each cut to the model's longest length."""

    ids: list[list[int]]
    truncated: int

    def batches(self, size: int) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Yield (rows, feeds) from the shortest to the longest text, so that padding stays small.

        Feeds are ``input_ids`` and ``attention_mask``, int64 of shape (batch, length).
        """
        order = sorted(range(len(self.ids)), key=lambda row: (len(self.ids[row]), row))
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            yield rows, padded([self.ids[row] for row in rows])


def padded(ids: Sequence[Sequence[int]], step: int = LENGTH_STEP) -> dict[str, Any]:
    """Return ``input_ids`` and ``attention_mask``, int64 (batch, length), padded with zeros."""
    longest = max(len(row) for row in ids)
    length = -(-longest // step) * step
    input_ids = np.zeros((len(ids), length), dtype=np.int64)
    mask = np.zeros_like(input_ids)
    for place, row in enumerate(ids):
        input_ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return {"input_ids": input_ids, "attention_mask": mask}


class TextEncoder:
    """A tokenizer file, set to cut at a length."""

    def __init__(self, tokenizer: Path, max_length: int) -> None:
        import tokenizers

        self._tokenizer: tokenizers.Tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length)

    def __call__(self, inputs: Sequence[str]) -> Encoding:
        """Encode texts; one that is longer is cut, and counted."""
        encoded = self._tokenizer.encode_batch_fast([str(text) for text in inputs])
        return Encoding([e.ids for e in encoded], sum(bool(e.overflowing) for e in encoded))


def of_bundle(folder: Path, manifest: Manifest) -> TextEncoder:
    """Return the encoder of the bundle in ``folder``."""
    return TextEncoder(folder / TOKENIZER, manifest.number("max_length"))
