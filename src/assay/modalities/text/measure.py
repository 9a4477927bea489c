"""Measure the raw table: what the suites of text models name.

Reads the raw table and a tokenizer. Writes nothing, drops nothing: it counts what ``split`` is
going to drop, by the same rules (``cleaning`` and the objective's).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tokenizers import Tokenizer

from assay.errors import SettingsError
from assay.excerpts import EXAMPLES, excerpt
from assay.modalities.targets import Measurement
from assay.modalities.text import cleaning, words
from assay.modalities.text.encoding import unknown_id
from assay.records import DataSummary, Defect

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.targets import Targets

    Counts = np.ndarray[Any, np.dtype[np.int64]]

# What each kind of defect means to a reader of the report.
MEANINGS = {
    "blank": "no text, or nothing but space",
    "one_character": "a single character",
    "broken": "replacement or control characters: bytes read in the wrong encoding",
    "in_the_test_split": "the same text stands in the test split that the source came with",
    "duplicate": "the same text stands in an earlier row (case and spacing aside)",
}
UNUSABLE = ["blank", "one_character", "broken"]


def measure(raw: Path, tokenizer: Path | None, targets: Targets) -> Measurement:
    """Return the raw table with its measured columns, and what was found in short.

    Columns: ``text_length`` (characters); ``unknown_share`` (of the row's tokens; 0 for a text
    without tokens); as booleans ``blank``, ``one_character``, ``broken``, ``unusable`` (any of
    these three), ``in_the_test_split``, ``duplicate``, ``dropped`` (any kind of defect); and the
    objective's.

    A missing column and values that are no text count as empty here; the raw values stay in the
    table, for the suite to refuse.

    Args:
        raw: the table.
        tokenizer: the folder of the pretrained checkpoint, which holds ``tokenizer.json``; None
            where the training texts make the tokenizer, which then knows their words.
        targets: the objective's columns and rules.

    Raises:
        SettingsError: there is no tokenizer.

    """
    table = pd.read_parquet(raw).reset_index(drop=True)
    text = strings(table, "text").fillna("")
    rows = pd.DataFrame({name: strings(table, name) for name in targets.columns})
    given = cleaning.is_test(table)
    found = cleaning.defects(text, given)
    found = pd.concat([found, targets.defects(rows, cleaning.key(text), given)], axis=1)
    dropped = found.any(axis=1)
    lengths = text.str.len().astype("int64")
    listed = text.tolist()
    tokens, unknown = count_tokens(tokenizer, listed) if tokenizer else count_words(listed)
    measured = table.assign(
        text_length=lengths,
        **targets.measured(rows, dropped),
        unknown_share=unknown / tokens.clip(min=1),
        **found,
        unusable=found[UNUSABLE].any(axis=1),
        dropped=dropped,
    )
    meanings = {**MEANINGS, **targets.meanings}
    kinds = {
        kind: defect(meaning, text[found[kind]], dropped=True) for kind, meaning in meanings.items()
    }
    meaning = "words that the checkpoint's tokenizer does not know"
    kinds["unknown_tokens"] = defect(meaning, text[unknown > 0], dropped=False)
    summary = DataSummary(
        rows=len(table),
        kept=int((~dropped).sum()),
        dropped=int(dropped.sum()),
        kinds=kinds,
        classes=targets.classes(rows, dropped),
        notes=targets.notes(rows),
        figures={
            "characters in the median text": int(lengths.median()) if len(lengths) else 0,
            "tokens": int(tokens.sum()),
            "share of unknown tokens": float(unknown.sum() / max(tokens.sum(), 1)),
        },
    )
    return Measurement(measured, summary)


def count_tokens(folder: Path, texts: list[str]) -> tuple[Counts, Counts]:
    """Return for each text its number of tokens, and how many of them are unknown.

    ``folder`` holds ``tokenizer.json``. Special tokens are left out, nothing is cut. A tokenizer
    without an unknown token (byte-level ones) knows everything.

    Raises:
        SettingsError: the file is no tokenizer.

    """
    file = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as problem:  # the library raises this very class
        raise SettingsError(
            f"{file.name} of train.checkpoint can't be read: {problem}",
            expected="a tokenizer that the tokenizers library has saved",
            cure="save it again, or choose another train.checkpoint in params.yaml",
        ) from problem
    tokenizer.no_truncation()
    tokenizer.no_padding()
    unknown = unknown_id(tokenizer)
    ids = [one.ids for one in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    return (
        np.array([len(one) for one in ids], dtype=np.int64),
        np.array([one.count(unknown) for one in ids], dtype=np.int64),
    )


def count_words(texts: list[str]) -> tuple[Counts, Counts]:
    """Return for each text its number of words, none of which is unknown."""
    counts = np.array([len(words.words(text)) for text in texts], dtype=np.int64)
    return counts, np.zeros_like(counts)


def strings(table: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return a column with None for all that is no text."""
    if column not in table:
        return pd.Series([None] * len(table), dtype="object")
    values = [value if isinstance(value, str) else None for value in table[column]]
    return pd.Series(values, dtype="object")


def defect(meaning: str, texts: pd.Series[Any], *, dropped: bool) -> Defect:
    """Return a kind of defect by the texts that have it, with a few of them as examples."""
    examples = tuple(excerpt(text) for text in texts.drop_duplicates().head(EXAMPLES))
    return Defect(meaning=meaning, rows=len(texts), dropped=dropped, examples=examples)
