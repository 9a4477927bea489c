"""Measure the raw table: what the suite in ``expectations/text-classification.yaml`` speaks of.

Reads the raw table and the checkpoint's tokenizer. Writes nothing, drops nothing: it counts what
``split`` is going to drop, by the same rules (``cleaning``).
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tokenizers import Tokenizer

from assay.errors import SettingsError
from assay.gateways.expectations import EXAMPLES, excerpt
from assay.tasks.text_classification import cleaning
from assay.tasks.text_classification.checkpoint import locate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from assay.settings.text import TextModel

    Counts = np.ndarray[Any, np.dtype[np.int64]]

# What each kind of dirt means to a reader of the report.
MEANING = {
    "blank": "no text, or nothing but space",
    "one_character": "a single character",
    "broken": "replacement or control characters: bytes read in the wrong encoding",
    "duplicate": "the same text stands in an earlier row (case and spacing aside)",
    "conflict": "the same text carries different labels",
}
UNUSABLE = ["blank", "one_character", "broken"]


def measure(raw: Path, settings: TextModel) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the raw table with its measured columns, and what was found in short.

    Columns: ``text_length`` (characters); ``class_rows`` (rows of the row's class that are not
    dropped); ``class_share`` (of all labelled rows); ``unknown_share`` (of the row's tokens; 0 for
    a text without tokens); as booleans ``blank``, ``one_character``, ``broken``, ``unusable`` (any
    of these three), ``duplicate``, ``conflict``, ``dropped`` (any of all five).

    A missing column and values that are no text count as empty here; the raw values stay in the
    table, for the suite to refuse.

    Raises:
        SettingsError: ``train.checkpoint`` leads to no tokenizer.

    """
    table = pd.read_parquet(raw).reset_index(drop=True)
    text, label = _strings(table, "text").fillna(""), _strings(table, "label")
    lengths = text.str.len().astype("int64")
    found = cleaning.dirt(pd.DataFrame({"text": text, "label": label}))
    dropped = cleaning.droppable(found)
    tokens, unknown = count_tokens(locate(settings.train.checkpoint), text.tolist())
    measured = table.assign(
        text_length=lengths,
        class_rows=label.map(label[~dropped].value_counts()).fillna(0).where(label.notna()),
        class_share=label.map(label.value_counts(normalize=True)),
        unknown_share=unknown / tokens.clip(min=1),
        **found,
        unusable=found[UNUSABLE].any(axis=1),
        dropped=dropped,
    )
    kinds = {
        kind: {"meaning": meaning, "dropped": True, **_rows(text[found[kind]])}
        for kind, meaning in MEANING.items()
    }
    kinds["unknown_tokens"] = {
        "meaning": "words that the checkpoint's tokenizer does not know",
        "dropped": False,
        **_rows(text[unknown > 0]),
    }
    return measured, {
        "rows": len(table),
        "kept": int((~dropped).sum()),
        "dropped": int(dropped.sum()),
        "kinds": kinds,
        "classes": _classes(label, dropped, settings.labels),
        "figures": {
            "characters in the median text": int(lengths.median()) if len(lengths) else 0,
            "tokens": int(tokens.sum()),
            "share of unknown tokens": float(unknown.sum() / max(tokens.sum(), 1)),
        },
    }


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
    unknown = _unknown_id(tokenizer)
    ids = [one.ids for one in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    return (
        np.array([len(one) for one in ids], dtype=np.int64),
        np.array([one.count(unknown) for one in ids], dtype=np.int64),
    )


def _unknown_id(tokenizer: Tokenizer) -> int:
    """Return the id that stands for every unknown word, -1 where there is none.

    A tokenizer's model names it by its text (WordPiece, BPE, WordLevel) or by its place (Unigram).
    """
    model = json.loads(tokenizer.to_str())["model"]
    place = model.get("unk_id")
    if model.get("unk_token") is not None:
        place = tokenizer.token_to_id(model["unk_token"])
    return -1 if place is None else int(place)


def _strings(table: pd.DataFrame, column: str) -> pd.Series[Any]:
    """Return a column with None for all that is no text."""
    if column not in table:
        return pd.Series([None] * len(table), dtype="object")
    values = [value if isinstance(value, str) else None for value in table[column]]
    return pd.Series(values, dtype="object")


def _classes(
    label: pd.Series[Any], dropped: pd.Series[Any], known: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Return each class's rows, and those kept.

    Of labels that the settings do not know a few are named, the others only counted: when a column
    of free text was taken for the labels, a report must not hold all of it.
    """
    rows, kept = Counter(label.dropna()), Counter(label[~dropped].dropna())
    unknown = [name for name in rows if name not in known]
    named = {
        excerpt(name): {"rows": rows[name], "kept": kept[name]}
        for name in [*known, *unknown[:EXAMPLES]]
    }
    others = unknown[EXAMPLES:]
    if others:
        named[f"({len(others):,} other labels)"] = {
            "rows": sum(rows[name] for name in others),
            "kept": sum(kept[name] for name in others),
        }
    return named


def _rows(texts: pd.Series[Any]) -> dict[str, Any]:
    return {
        "rows": len(texts),
        "examples": [excerpt(text) for text in texts.drop_duplicates().head(EXAMPLES)],
    }
