"""Fit a new model's settings to a user's table.

Reads the table. Writes nothing. Chooses only what the data decide: the labels, which columns are
numbers and which categories, which can't be features, and how long to train.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assay.errors import DataRefused, UsageError
from assay.gateways import tables
from assay.gateways.sources.inbox import require_own
from assay.gateways.sources.plain import fault_of
from assay.modalities.table import cells
from assay.modalities.table.ingest import labels_of
from assay.objectives.classification.labels import proposed_classes
from assay.objectives.classification.spelling import same_but_for_case
from assay.settings.table import MISSING, RESERVED, TableValidate
from assay.tasks.table_classification.settings import (
    TableClassificationIngest,
    TableClassificationModel,
    TableTrain,
)
from assay.tasks.task import Proposal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

# A column of text with more different values than this share of its rows is a name or an id; one
# with fewer cells that are no numbers is a column of numbers with errors.
UNIQUE, WRONG = 0.5, 0.5
# These names our own tables use.
TAKEN = (RESERVED, "label")
# A small set needs more passes: about this many steps, within these bounds.
STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 4000, 20, 100
SMALLEST_BATCH, LARGEST_BATCH, STEPS_AN_EPOCH = 16, 256, 40
TRAINED_SHARE = 0.8
# Characters of a cell that a note shows.
SHOWN = 40


@dataclass
class _Columns:
    """A table's columns by what they can be used as."""

    numbers: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def propose(data: Path, columns: Mapping[str, str]) -> Proposal[TableClassificationModel]:
    """Return settings under which ``assay run`` works on a table of features.

    Raises:
        UsageError: the label column was not named, or is missing; the nearest is named.
        MissingFile, SourceRefused: there is no such table, or ``ingest`` would refuse it.
        DataRefused: the label column names fewer than two classes, or no column can be a feature.

    """
    if "label" not in columns:
        raise UsageError(
            "--label is missing",
            expected="the name of the column that holds the classes",
            cure="assay new NAME --task table-classification --data FILE --label COLUMN",
        )
    require_own(data)
    table, label = tables.read_table(data), columns["label"]
    _require(table, label)
    counts = Counter(labels_of(str(data), table, label).dropna())
    cure = "bring rows of a second class, or name the right column with --label"
    labels = proposed_classes(counts, f"the column {label!r}", noun="row", cure=cure)
    found = sort_columns(table.drop(columns=label))
    if not found.numbers and not found.categories:
        raise DataRefused(
            f"{data} has no column that can be a feature",
            expected="columns of numbers, or of categories that recur",
            cure="bring a table with such columns",
        )
    settings = TableClassificationModel(
        data="table",
        task="classification",
        labels=labels,
        ingest=TableClassificationIngest(
            label=label, numbers=tuple(found.numbers), categories=tuple(found.categories)
        ),
        train=_train(len(table)),
    )
    return Proposal(settings, len(table), [*same_but_for_case(counts), *found.notes])


def sort_columns(table: pd.DataFrame) -> _Columns:
    """Tell numbers from categories; leave out what has one value alone, or one for each row."""
    found = _Columns()
    for name in map(str, table.columns):
        if fault := fault_of(table, name):
            found.notes.append(f"the column {name!r} is left out: it holds {fault}")
            continue
        texts = [cells.text_of(cell) for cell in cells.cells_of(table[name])]
        known = [text for text in texts if text and not cells.is_missing(text, MISSING)]
        wrong = [text for text in known if cells.number_of(text, MISSING) is None]
        if why := _why_left_out(name, known, wrong):
            found.notes.append(f"the column {name!r} is left out: {why}")
        elif wrong:
            found.categories.append(name)
        else:
            found.numbers.append(name)
    return found


def _why_left_out(name: str, known: list[str], wrong: list[str]) -> str | None:
    """Return why a column is no feature, None if it is one; ``wrong`` cells are no numbers."""
    distinct = len(set(known))
    many = distinct > min(UNIQUE * len(known), TableValidate().max_categories)
    if name in TAKEN:
        return "rename it if it is a feature"
    if distinct <= 1:
        return "it holds one value alone"
    if many and 0 < len(wrong) < WRONG * len(known):
        return (
            f"{len(wrong):,} of its cells are no numbers, for instance {wrong[0][:SHOWN]!r}; "
            "correct them, or list the word under ingest.missing, and add the column to "
            "ingest.numbers in params.yaml"
        )
    if _is_id(name, known, numeric=not wrong):
        return "it looks like a name or an id"
    if many and wrong:
        return f"{distinct:,} different texts in {len(known):,} rows are no categories"
    return None


def _is_id(name: str, known: list[str], *, numeric: bool) -> bool:
    """Tell whether a column numbers or names its rows: different in each, and called so."""
    if numeric and not all(float(text).is_integer() for text in known):
        return False  # a body mass index
    words = name.casefold().replace("-", "_").replace(" ", "_").split("_")
    called = bool({"id", "uuid", "index", "number", "nr", "no", "key"} & set(words))
    return len(set(known)) == len(known) > 1 and (called or not numeric)


def _require(table: pd.DataFrame, column: str) -> None:
    if column in table.columns:
        return
    names = [str(name) for name in table.columns]
    near = difflib.get_close_matches(column, names, n=1, cutoff=0.4)
    raise UsageError(
        f"the table has no column {column!r}; it has " + ", ".join(map(repr, names)),
        expected="the name of its label column",
        cure=f"did you mean {near[0]!r}?" if near else "name it with --label",
    )


def _train(rows: int) -> TableTrain:
    trained = rows * TRAINED_SHARE
    wanted = 2 ** round(trained / STEPS_AN_EPOCH).bit_length()
    batch = min(LARGEST_BATCH, max(SMALLEST_BATCH, wanted))
    epochs = min(MOST_EPOCHS, max(FEWEST_EPOCHS, round(STEPS * batch / max(trained, 1))))
    return TableTrain(epochs=epochs, batch_size=batch)
