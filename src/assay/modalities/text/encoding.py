"""Texts as token ids: a tokenizer file, and batches with little padding.

Reads ``tokenizer.json``. Writes nothing. Needs tokenizers and numpy, never torch.
"""

from __future__ import annotations

import json
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
# Of one batch, padding among them. Found by measuring (docs/decisions/0025): 256 to 512 were the
# fastest. Long texts in few rows then cost as much as short ones in many.
BATCH_TOKENS = 384


@dataclass(frozen=True)
class Encoding:
    """Token ids of many texts, each cut to the model's longest length.

    Attributes:
        ids: the ids of each text, special tokens among them.
        truncated: how many texts were cut.
        unknown_id: the id that stands for every unknown word; -1 where there is none.
        specials: how many special tokens stand around each text.

    """

    ids: list[list[int]]
    truncated: int
    unknown_id: int = -1
    specials: int = 0

    @property
    def unknown(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return float64 (texts,): the share of each text's own tokens that are unknown."""
        shares = [row.count(self.unknown_id) / max(len(row) - self.specials, 1) for row in self.ids]
        return np.array(shares, dtype=np.float64)

    def batches(
        self, size: int, tokens: int | None = BATCH_TOKENS
    ) -> Iterator[tuple[list[int], dict[str, Any]]]:
        """Yield (rows, feeds) from the shortest to the longest text, so that padding stays small.

        A batch has ``size`` rows at most, and ``tokens`` tokens with its padding unless one row has
        more; None: as many as there are. Feeds are ``input_ids`` and ``attention_mask``, int64 of
        shape (batch, length).
        """
        for rows in self._chosen(size, tokens):
            yield rows, padded([self.ids[row] for row in rows])

    def _chosen(self, size: int, tokens: int | None) -> Iterator[list[int]]:
        """Yield the rows of each batch."""
        rows: list[int] = []
        for row in sorted(range(len(self.ids)), key=lambda row: (len(self.ids[row]), row)):
            cells = (len(rows) + 1) * padded_length(len(self.ids[row]))
            if rows and (len(rows) == size or (tokens is not None and cells > tokens)):
                yield rows
                rows = []
            rows.append(row)
        if rows:
            yield rows


def padded_length(longest: int, step: int = LENGTH_STEP) -> int:
    """Return to how many tokens a batch is padded whose longest text has ``longest``."""
    return -(-longest // step) * step


def padded(ids: Sequence[Sequence[int]], step: int = LENGTH_STEP) -> dict[str, Any]:
    """Return ``input_ids`` and ``attention_mask``, int64 (batch, length), padded with zeros."""
    length = padded_length(max(len(row) for row in ids), step)
    input_ids = np.zeros((len(ids), length), dtype=np.int64)
    mask = np.zeros_like(input_ids)
    for place, row in enumerate(ids):
        input_ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return {"input_ids": input_ids, "attention_mask": mask}


class TextEncoder:
    """A tokenizer, set to cut at a length.

    What is left of a longer text is its head, or its head and its tail: opinions often come to
    their point at the end (Sun et al., "How to fine-tune BERT for text classification?", CCL 2019).
    """

    def __init__(self, tokenizer: Path | str, max_length: int, tail: int = 0) -> None:
        """Take a tokenizer's file, or its JSON.

        ``tail``: how many of a longer text's tokens are of its end.
        """
        import tokenizers

        described = tokenizer if isinstance(tokenizer, str) else tokenizer.read_text("utf-8")
        self._tokenizer: tokenizers.Tokenizer = tokenizers.Tokenizer.from_str(described)
        self._tokenizer.no_padding()
        self._length, self._tail = max_length, tail
        if tail:
            self._tokenizer.no_truncation()
        else:
            self._tokenizer.enable_truncation(max_length)
        self._unknown_id = unknown_id(self._tokenizer)
        self._specials = self._tokenizer.num_special_tokens_to_add(is_pair=False)

    def __call__(self, inputs: Sequence[str]) -> Encoding:
        """Encode texts; one that is longer is cut, and counted."""
        encoded = self._tokenizer.encode_batch_fast([str(text) for text in inputs])
        ids = [one.ids for one in encoded]
        if self._tail:
            cut = sum(len(row) > self._length for row in ids)
            ids = [self._head_and_tail(one) for one in encoded]
        else:
            cut = sum(bool(one.overflowing) for one in encoded)
        return Encoding(ids, cut, self._unknown_id, self._specials)

    def _head_and_tail(self, encoded: tokenizers.Encoding) -> list[int]:
        ids: list[int] = encoded.ids
        if len(ids) <= self._length:
            return ids
        mask = encoded.special_tokens_mask
        behind = next(place for place, special in enumerate(reversed(mask)) if not special)
        end = self._tail + behind
        return ids[: self._length - end] + ids[-end:]


def unknown_id(tokenizer: tokenizers.Tokenizer) -> int:
    """Return the id that stands for every unknown word, -1 where there is none.

    A tokenizer's model names it by its text (WordPiece, BPE, WordLevel) or by its place (Unigram).
    """
    model = tokenizer.model
    if hasattr(model, "unk_token"):
        place = None if model.unk_token is None else tokenizer.token_to_id(model.unk_token)
    else:
        # Unigram's place is told by its JSON alone, which takes long to write.
        place = json.loads(tokenizer.to_str())["model"].get("unk_id")
    return -1 if place is None else int(place)


def of_bundle(folder: Path, manifest: Manifest) -> TextEncoder:
    """Return the encoder of the bundle in ``folder``."""
    length, tail = manifest.number("max_length"), manifest.number("tail", 0)
    return TextEncoder(folder / TOKENIZER, length, tail)
