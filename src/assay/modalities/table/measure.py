"""Measure the raw table: what the suites of table models name.

Reads the raw table. Writes nothing, drops nothing: it counts what ``split`` is going to drop, by
the same rules (``defects``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.excerpts import EXAMPLES, excerpt
from assay.modalities.table import cells
from assay.modalities.table.defects import MEANINGS, defects
from assay.modalities.targets import Measurement
from assay.records import DataSummary, Defect

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.targets import Targets
    from assay.settings.table import TableIngest

# A number this many interquartile ranges away from the quartiles is a typing error, or a word such
# as 999999 for "missing".
EXTREME = 1000.0
# Stands in a column of names of columns when there is none to name.
NONE = "(none)"


def measure(
    raw: Path, settings: TableIngest, targets: Targets, *, max_categories: int
) -> Measurement:
    """Return the raw table with its measured columns, and what was found in short.

    Columns of a row: ``missing_share`` (of its features); as booleans ``wrong_type`` (a column of
    numbers holds something else), ``extreme`` (a number far outside of its column), ``empty``,
    ``duplicate``, ``dropped`` (any kind of defect); and the objective's. Columns of the whole
    table, equal in each row, that name features, or :data:`NONE`: ``constant_columns`` (one value
    alone) and ``many_categories`` (more than ``max_categories`` values).
    """
    table = pd.read_parquet(raw).reset_index(drop=True)
    typed = cells.features(table, settings)
    found = defects(table, settings, targets)
    dropped = found.any(axis=1)
    constant = [str(name) for name in typed if typed[name].nunique(dropna=False) <= 1]
    many = [name for name in settings.categories if typed[name].nunique() > max_categories]
    measured = table.assign(
        missing_share=_missing(typed).mean(axis=1),
        wrong_type=_wrong_type(table, settings),
        extreme=_extreme(typed, settings.numbers),
        constant_columns=", ".join(constant) or NONE,
        many_categories=", ".join(many) or NONE,
        **targets.measured(table, dropped),
        **found,
        dropped=dropped,
    )
    kinds = {
        kind: _defect(meaning, table["id"][found[kind]])
        for kind, meaning in {**MEANINGS, **targets.meanings}.items()
    }
    summary = DataSummary(
        rows=len(table),
        kept=int((~dropped).sum()),
        dropped=int(dropped.sum()),
        kinds=kinds,
        classes=targets.classes(table, dropped),
        notes=targets.notes(table),
        figures={
            "columns of numbers": len(settings.numbers),
            "columns of categories": len(settings.categories),
            "share of missing cells": float(_missing(typed).to_numpy().mean()),
        },
    )
    return Measurement(measured, summary)


def _missing(typed: pd.DataFrame) -> pd.DataFrame:
    return typed.isna() | typed.isin([""])


def _wrong_type(table: pd.DataFrame, settings: TableIngest) -> pd.Series[bool]:
    """Tell which rows hold something else in a column of numbers."""
    wrong = pd.Series(False, index=table.index)
    for name in settings.numbers:
        read = [cells.number_of(cells.text_of(cell), settings.missing) for cell in table[name]]
        wrong |= pd.Series([value is None for value in read], index=table.index)
    return wrong


def _extreme(typed: pd.DataFrame, names: tuple[str, ...]) -> pd.Series[bool]:
    numbers = typed[list(names)]
    low, high = numbers.quantile(0.25), numbers.quantile(0.75)
    spread = (high - low).where(high > low)
    far = (numbers - high).gt(EXTREME * spread) | (low - numbers).gt(EXTREME * spread)
    return far.any(axis=1)


def _defect(meaning: str, ids: pd.Series[str]) -> Defect:
    examples = tuple(excerpt(name) for name in ids.head(EXAMPLES))
    return Defect(meaning=meaning, rows=len(ids), dropped=True, examples=examples)
