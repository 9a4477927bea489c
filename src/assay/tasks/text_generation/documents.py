"""The documents of a split, and their tokens: encoded once, whoever measures them.

Reads a split's table. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import DataRefused
from assay.modalities.text.ingest import TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.language_model import Tokenizer
    from assay.paths import ModelPaths


@dataclass(frozen=True)
class Documents:
    """Documents as texts and as tokens.

    Attributes:
        texts: as they are.
        ids: token ids of each, without the token that ends it.
        end: that token.
        unknown: the token of whatever is not known; -1 where everything is.

    """

    texts: Sequence[str]
    ids: Sequence[Sequence[int]]
    end: int
    unknown: int

    @classmethod
    def of(cls, texts: Sequence[str], tokenizer: Tokenizer) -> Documents:
        """Encode documents."""
        return cls(texts, tokenizer.encode(texts), tokenizer.end, tokenizer.unknown)

    @property
    def ended(self) -> list[list[int]]:
        """The tokens of each with the one that ends it."""
        return [[*own, self.end] for own in self.ids]


def texts_of(files: ModelPaths, name: str) -> list[str]:
    """Return the documents of the split ``name``."""
    found: list[str] = pd.read_parquet(files.split(name), columns=[TEXT])[TEXT].tolist()
    return found


def require_documents(test: Sequence[str]) -> None:
    """Refuse an empty test split.

    Raises:
        DataRefused: there is no document in it.

    """
    if not test:
        raise DataRefused(
            "the test split has no document",
            expected="one or more",
            cure="bring more documents, or raise split.test in params.yaml",
        )
