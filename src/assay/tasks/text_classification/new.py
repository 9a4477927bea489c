"""Fit a new model's settings to a user's table.

Reads the table and the checkpoint's tokenizer. Writes nothing. Chooses only what the data decide:
the labels, and how long to train. No bound is moved for them: where the tokenizer does not know the
language, a note says which checkpoint does, and ``validate`` refuses the data until it is named.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from assay.errors import SettingsError, UsageError
from assay.gateways import tables
from assay.gateways.sources.inbox import require_own
from assay.modalities.text import pretrained
from assay.modalities.text.ingest import TEXT, chosen
from assay.modalities.text.measure import count_tokens
from assay.objectives.classification.labels import LABEL, proposed_classes
from assay.objectives.classification.spelling import same_but_for_case
from assay.tasks.task import Proposal
from assay.tasks.text_classification.settings import (
    TextClassificationIngest,
    TextClassificationModel,
    TextClassificationValidate,
    TextTrain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

# Texts that are looked at to learn whether the tokenizer knows the language.
SAMPLE = 2000
# A small set needs more passes: about this many steps, within these bounds.
STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 750, 2, 20
TRAINED_SHARE = 0.8


def propose(data: Path, columns: Mapping[str, str]) -> Proposal[TextClassificationModel]:
    """Return settings for a table of texts, and what is to be done before ``assay run``.

    Raises:
        UsageError: the columns of texts and labels were not named, or are missing; the nearest is
            named.
        MissingFile, SourceRefused: there is no such table, or ``ingest`` would refuse it.
        DataRefused: the label column names fewer than two classes, or no classes at all.

    """
    if missing := [f"--{name}" for name in ("text", "label") if name not in columns]:
        raise UsageError(
            f"{' and '.join(missing)} is missing",
            expected="the names of the table's text column and label column",
            cure="assay new NAME --task text-classification --data FILE --text COLUMN "
            "--label COLUMN",
        )
    require_own(data)
    table = tables.read_table(data)
    settings, notes = fitted(data, table, columns["text"], columns["label"])
    return Proposal(settings, len(table), notes)


def fitted(
    data: Path, table: pd.DataFrame, text: str, label: str
) -> tuple[TextClassificationModel, list[str]]:
    """Return settings that fit the table of a file, and notes for the user.

    Raises:
        UsageError: a column is missing; the nearest is named.
        SourceRefused: ``ingest`` would refuse one of the columns.
        DataRefused: the label column names fewer than two classes, or no classes at all.

    """
    for column in (text, label):
        _require(table, column)
    rows = chosen(data, table, {TEXT: text, LABEL: label})
    counts = Counter(rows[LABEL].dropna())
    cure = "bring rows of a second class, or name the right column with --label"
    labels = proposed_classes(counts, f"the column {label!r}", noun="row", cure=cure)
    unknown = _unknown_share(rows[TEXT], TextTrain().checkpoint)
    settings = TextClassificationModel(
        data="text",
        task="classification",
        labels=labels,
        ingest=TextClassificationIngest(text=text, label=label),
        train=TextTrain(epochs=_epochs(len(rows))),
    )
    return settings, [*same_but_for_case(counts), *_notes(rows[TEXT], unknown)]


def _require(table: pd.DataFrame, column: str) -> None:
    if column in table.columns:
        return
    names = [str(name) for name in table.columns]
    near = difflib.get_close_matches(column, names, n=1, cutoff=0.4)
    raise UsageError(
        f"the table has no column {column!r}; it has " + ", ".join(map(repr, names)),
        expected="the names of its text column and its label column",
        cure=f"did you mean {near[0]!r}?" if near else "name them with --text and --label",
    )


def _unknown_share(texts: pd.Series[str], checkpoint: str) -> float:
    """Return the mean over texts of the share of unknown tokens, which the suite bounds."""
    real = texts.dropna().astype("str")
    sample = real.sample(min(SAMPLE, len(real)), random_state=0).tolist()
    tokens, unknown = count_tokens(pretrained.locate(checkpoint), sample)
    return float((unknown / tokens.clip(min=1)).mean()) if sample else 0.0


def _epochs(rows: int) -> int:
    steps = max(1.0, rows * TRAINED_SHARE / TextTrain().batch_size)
    return int(min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(STEPS / steps))))


def _notes(texts: pd.Series[str], unknown: float) -> list[str]:
    default = TextTrain().checkpoint
    if unknown <= TextClassificationValidate().max_unknown_share:
        return []
    fitting = "bert-base-chinese" if _is_chinese(texts) else "bert-base-multilingual-cased"
    note = (
        f"the tokenizer of {default} does not know {unknown:.0%} of these texts' tokens: it was "
        f"made for another language, and `assay run` refuses this data at `validate` until "
        f"train.checkpoint names one that reads it. {fitting} would fit"
    )
    try:
        pretrained.locate(fitting)
    except SettingsError:
        return [
            note + "; it is not on this machine: with a network, set train.checkpoint: "
            f"{fitting} in params.yaml, or copy its folder here and name that"
        ]
    return [note + f", and is on this machine: set train.checkpoint: {fitting} in params.yaml"]


def _is_chinese(texts: pd.Series[str]) -> bool:
    letters = "".join(texts.dropna().astype("str").head(200))
    return any("CJK UNIFIED" in unicodedata.name(letter, "") for letter in letters)
