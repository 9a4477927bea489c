"""Measure a table of documents: what the suites of language models name.

Reads the raw table and, where there is one, a tokenizer. Writes nothing, drops nothing: it counts
what ``split`` is going to drop, by the same rules (``cleaning``). Of personal data, only kinds and
counts get out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay import personal
from assay.excerpts import EXAMPLES, excerpt
from assay.modalities.targets import Measurement
from assay.modalities.text import cleaning, documents_report
from assay.modalities.text.language import language_of
from assay.modalities.text.measure import MEANINGS, UNUSABLE, count_tokens, defect, strings
from assay.modalities.text.repetition import boilerplate, boilerplate_share, repetition
from assay.records import DataSummary, Defect

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.text.measure import Counts
    from assay.modalities.text.repetition import Repetition
    from assay.settings.corpus import CorpusIngest

# Without one of these, a line holds none of what is found.
WORTH_A_LOOK = re.compile(r"[@＠\d]")


@dataclass(frozen=True)
class Contents:
    """What was found in each document, in order; ``shared`` are the lines of boilerplate."""

    repeated: list[Repetition]
    shared: dict[str, int]
    personal: list[Counter[str]]
    languages: list[str]
    tokens: Counts
    unknown: Counts

    @classmethod
    def of(cls, texts: list[str], tokenizer: Path | None) -> Contents:
        """Look into documents; without a tokenizer there are no tokens.

        Raises:
            SettingsError: the tokenizer can't be read.

        """
        repeated = [repetition(text) for text in texts]
        none = np.zeros(len(texts), dtype=np.int64)
        tokens, unknown = count_tokens(tokenizer, texts) if tokenizer else (none, none)
        return cls(
            repeated,
            boilerplate(repeated),
            [personal_kinds(text) for text in texts],
            [language_of(text) for text in texts],
            tokens,
            unknown,
        )

    def columns(self) -> dict[str, Any]:
        """Return the columns that tell it."""
        return {
            "unknown_share": self.unknown / self.tokens.clip(min=1),
            "repeated_line_share": [one.line_share for one in self.repeated],
            "repeated_ngram_share": [one.ngram_share for one in self.repeated],
            "boilerplate": [boilerplate_share(one, self.shared) for one in self.repeated],
            "personal": [one.total() for one in self.personal],
            "has_personal": [bool(one) for one in self.personal],
            "language": self.languages,
        }


def measure(raw: Path, settings: CorpusIngest, tokenizer: Path | None) -> Measurement:
    """Return the raw table with its measured columns, and what was found in short.

    Columns: ``text_length`` (characters); ``kept_length`` (the same, 0 for a document that is
    dropped); ``unknown_share`` (of the document's tokens; 0 without a tokenizer);
    ``repeated_line_share``, ``repeated_ngram_share`` and ``boilerplate`` (shares, see
    ``repetition``); ``personal`` (how many pieces of personal data were found); ``language``; as
    booleans ``has_personal``; ``blank``, ``one_character``, ``broken``, ``unusable`` (any of these
    three); ``in_the_test_split``, ``duplicate``, ``dropped`` (any kind of defect).

    A missing column and values that are no text count as empty here; the raw values stay in the
    table, for the suite to refuse.

    Args:
        raw: the table.
        settings: where the documents came from.
        tokenizer: the folder with ``tokenizer.json``; None where the training texts make it.

    Raises:
        SettingsError: the tokenizer can't be read.

    """
    table = pd.read_parquet(raw).reset_index(drop=True)
    text = strings(table, "text").fillna("")
    found = cleaning.defects(text, cleaning.is_test(table))
    dropped = found.any(axis=1)
    lengths = text.str.len().astype("int64")
    contents = Contents.of(text.tolist(), tokenizer)
    measured = table.assign(
        text_length=lengths,
        kept_length=lengths.where(~dropped, 0),
        **contents.columns(),
        **found,
        unusable=found[UNUSABLE].any(axis=1),
        dropped=dropped,
    )
    return Measurement(measured, _summary(measured, text, contents, settings))


def personal_kinds(text: str) -> Counter[str]:
    """Return how many pieces of personal data of each kind stand in a text, line by line."""
    lines = filter(WORTH_A_LOOK.search, text.splitlines())
    return Counter(kind for line in lines for _, _, kind in personal.spans(line))


def _summary(
    measured: pd.DataFrame, text: pd.Series[str], contents: Contents, settings: CorpusIngest
) -> DataSummary:
    tokens, unknown = int(contents.tokens.sum()), int(contents.unknown.sum())
    personal_data = sum(contents.personal, Counter[str]())
    dropped = int(measured["dropped"].sum())
    return DataSummary(
        rows=len(measured),
        kept=len(measured) - dropped,
        dropped=dropped,
        kinds=_kinds(measured, text, contents),
        figures={
            **documents_report.figures(measured, text, personal_data),
            "words (characters where none are spaced)": sum(one.units for one in contents.repeated),
            **({"tokens": tokens, "share of unknown tokens": unknown / tokens} if tokens else {}),
        },
        notes=documents_report.notes(measured, settings, personal_data, contents.shared),
    )


def _kinds(measured: pd.DataFrame, text: pd.Series[str], contents: Contents) -> dict[str, Defect]:
    """Return each kind of defect, then what is counted and kept."""
    meaning = "words that the tokenizer does not know"
    return {
        **{
            kind: defect(meaning, text[measured[kind]], dropped=True)
            for kind, meaning in MEANINGS.items()
        },
        "personal_data": Defect(  # without examples
            meaning="e-mail addresses, telephone, card, account or identity numbers in it",
            rows=int(measured["has_personal"].sum()),
            dropped=False,
        ),
        "boilerplate": Defect(
            meaning="lines in it that stand in many documents",
            rows=int(measured["boilerplate"].gt(0).sum()),
            dropped=False,
            examples=tuple(map(excerpt, list(contents.shared)[:EXAMPLES])),
        ),
        "unknown_tokens": defect(meaning, text[contents.unknown > 0], dropped=False),
    }
