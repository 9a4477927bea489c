"""Fit a new model's settings to a user's table.

Reads the table and the checkpoint's tokenizer. Writes nothing, but the user's cache where the
checkpoint is not there yet. Chooses only what the data decide: the labels, the encoder that reads
their language, the length of texts, and how long to train. No bound is moved for them.
"""

from __future__ import annotations

import difflib
from collections import Counter
from typing import TYPE_CHECKING, Any

from assay.errors import UsageError
from assay.gateways import tables
from assay.gateways.sources.inbox import require_own
from assay.modalities.text.ingest import TEXT, chosen
from assay.objectives.classification.labels import LABEL, proposed_classes
from assay.objectives.classification.spelling import same_but_for_case
from assay.tasks.task import Proposal
from assay.tasks.text_classification.fitting import fitting_encoder
from assay.tasks.text_classification.settings import (
    TextClassificationIngest,
    TextClassificationModel,
    TextTrain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

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
    encoder = fitting_encoder(rows[TEXT])
    settings = TextClassificationModel(
        data="text",
        task="classification",
        labels=labels,
        ingest=TextClassificationIngest(text=text, label=label),
        train=TextTrain(**encoder.changes, epochs=_epochs(len(rows), encoder.changes)),
    )
    return settings, [*same_but_for_case(counts), *encoder.notes]


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


def _epochs(rows: int, changes: Mapping[str, Any]) -> int:
    steps = max(1.0, rows * TRAINED_SHARE / TextTrain(**changes).batch_size)
    return int(min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(STEPS / steps))))
