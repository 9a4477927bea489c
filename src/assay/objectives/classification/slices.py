"""The same figures on parts of the test split: where a model is good, and where it isn't.

Reads and writes nothing. A slice of few rows is marked, not hidden: its figures are noise, but
that the test split hardly knows it is news.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from assay.errors import DataRefused
from assay.objectives.classification import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from assay.objectives.classification.metrics import Predictions

    Chosen = np.ndarray[Any, np.dtype[np.bool_]]

FIGURES = ("accuracy", "macro_f1", "roc_auc", "log_loss", "calibration_error")
# With 50 rows an accuracy of 0.8 is known to about +-0.11 (binomial, 95 %).
SMALL = 50
# A slicing by something that hardly repeats (a user's name) would drown the report.
MOST = 30
REST = "(all others)"
MISSING = "(none)"


@dataclass(frozen=True)
class Slice:
    """One part of the rows, with the figures of both classifiers."""

    slicing: str
    name: str
    rows: int
    model: dict[str, float | None]
    baseline: dict[str, float | None]

    @property
    def small(self) -> bool:
        """Whether its figures are too few rows to be trusted."""
        return self.rows < SMALL


def columns(table: pd.DataFrame, names: Iterable[str]) -> dict[str, pd.Series[str]]:
    """Return every row's slice by each column of ``ingest.slices``.

    Raises:
        DataRefused: a column that the table lacks.

    """
    wanted = list(names)
    if absent := [name for name in wanted if name not in table]:
        raise DataRefused(
            f"the test split has no column {', '.join(absent)}",
            expected="each column that ingest.slices names; there are " + ", ".join(table.columns),
            cure="correct ingest.slices in params.yaml, or add the column to the source",
        )
    return {name: table[name].map(_name).astype(object) for name in wanted}


def by_slice(
    model: Predictions, baseline: Predictions, slicings: Mapping[str, pd.Series[str]]
) -> list[Slice]:
    """Measure both classifiers on every slice.

    Args:
        model: on all rows.
        baseline: on the same rows.
        slicings: for each its name and every row's slice, in the rows' order. A slicing whose
            series is an ordered categorical keeps that order; others are sorted by name.

    """
    return [
        Slice(
            slicing,
            name,
            int(chosen.sum()),
            metrics.figures(model.rows(chosen)),
            metrics.figures(baseline.rows(chosen)),
        )
        for slicing, name, chosen in parts(slicings)
    ]


def parts(slicings: Mapping[str, pd.Series[str]]) -> Iterator[tuple[str, str, Chosen]]:
    """Yield every slice: its slicing, its name, and which rows it has, bool of shape (rows,)."""
    for slicing, series in slicings.items():
        for name, chosen in _parts(series):
            yield slicing, name, chosen


def table(slices: list[Slice]) -> pd.DataFrame:
    """Return a row a slice: ``slice, rows, small``, figures, and the baseline's two main ones."""
    columns = ["slice", "rows", "small", *FIGURES, "baseline_accuracy", "baseline_macro_f1"]
    rows: list[dict[str, Any]] = [
        {
            "slice": f"{part.slicing}: {part.name}",
            "rows": part.rows,
            "small": str(part.small).lower(),
            **{name: part.model[name] for name in FIGURES},
            "baseline_accuracy": part.baseline["accuracy"],
            "baseline_macro_f1": part.baseline["macro_f1"],
        }
        for part in slices
    ]
    return pd.DataFrame(rows, columns=columns)


def _name(value: Any) -> str:
    return MISSING if pd.isna(value) else str(value).strip() or MISSING


def _parts(series: pd.Series[str]) -> list[tuple[str, Chosen]]:
    names = series.astype(str).to_numpy(dtype=object)
    order = (
        [str(name) for name in series.cat.categories]
        if isinstance(series.dtype, pd.CategoricalDtype)
        else sorted(set(names))
    )
    counts = {name: int((names == name).sum()) for name in order}
    order = [name for name in order if counts[name]]
    if len(order) > MOST:
        largest = sorted(order, key=lambda name: (-counts[name], name))[:MOST]
        names = np.where(np.isin(names.astype(str), largest), names, REST)
        order = [*(name for name in order if name in largest), REST]
    return [(name, names == name) for name in order]
