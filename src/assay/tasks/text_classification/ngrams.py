"""A bag of n-grams: the mean of the embeddings of a text's tokens, their pairs and triples.

Reads and writes nothing. Joulin et al., "Bag of tricks for efficient text classification", EACL
2017. Pairs and triples share a table by the hash of their token ids, which is taken inside the
network: its graph reads the same inputs as an encoder's.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from assay.tasks.text_classification.settings import LONGEST

# Odd, and below 2^20: three token ids below 2^20 make a number below 2^62.
FACTOR = 1_000_003


class BagOfNgrams(torch.nn.Module):
    """Embeddings of tokens and of hashed n-grams, their mean, a linear head."""

    longest = LONGEST

    def __init__(
        self, vocabulary: int, buckets: int, width: int, classes: int, dropout: float
    ) -> None:
        super().__init__()
        self.vocabulary, self.buckets = vocabulary, buckets
        self.tokens = torch.nn.Embedding(vocabulary, width)
        self.ngrams = torch.nn.Embedding(buckets, width)
        for table in (self.tokens, self.ngrams):
            torch.nn.init.uniform_(table.weight, -1 / width, 1 / width)
        self.dropout = torch.nn.Dropout(dropout)
        self.classifier = torch.nn.Linear(width, classes)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of token ids and mask (batch, length)."""
        return self.head(self.pooled(input_ids, attention_mask))

    def head(self, pooled: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of what :meth:`pooled` returned."""
        logits: torch.Tensor = self.classifier(self.dropout(pooled))
        return logits

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return the mean embedding, (batch, width), of token ids and mask (batch, length).

        The mask is ones, then zeros. An n-gram counts where all of its tokens do.
        """
        second, third = _shifted(input_ids, 1), _shifted(input_ids, 2)  # (B, L)
        pairs = input_ids * FACTOR + second
        triples = pairs * FACTOR + third
        parts = (
            (self.tokens(input_ids), attention_mask),
            (self.ngrams(pairs % self.buckets), _shifted(attention_mask, 1)),
            (self.ngrams(triples % self.buckets), _shifted(attention_mask, 2)),
        )
        total = torch.stack([(states * mask.unsqueeze(-1)).sum(1) for states, mask in parts])
        count = torch.stack([mask.sum(1, keepdim=True) for _, mask in parts])  # (3, B, 1)
        return total.sum(0) / count.sum(0).clamp(min=1)  # (B, width)


def _shifted(values: torch.Tensor, by: int) -> torch.Tensor:
    """Return (batch, length): at each place what stands ``by`` places behind it, or zero."""
    return functional.pad(values, (0, by))[:, by:]
