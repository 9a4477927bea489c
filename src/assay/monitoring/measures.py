"""Measures of a set of rows, by name: a number for each row, or how many rows each category has.

Reads and writes nothing, and never measures rows itself: modalities and models do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.errors import InputRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assay.monitoring.two_sample import Counts, FloatArray

    Measures = Mapping[str, FloatArray | Counts]


def outputs(values: FloatArray, names: Sequence[str]) -> dict[str, FloatArray]:
    """Return a model's outputs as measures, named ``output: ...``.

    Of two outputs that sum to 1 the second says nothing more, so the first alone is a measure.

    Args:
        values: shape (rows, outputs), probabilities.
        names: of the outputs.

    """
    shown = names[:1] if len(names) == 2 else names
    return {f"output: {name}": values[:, place] for place, name in enumerate(shown)}


def require_alike(reference: Measures, current: Measures) -> None:
    """Refuse two sides that do not have the same measures.

    Raises:
        InputRefused: a measure stands on one side alone, or there is none.

    """
    if reference and set(reference) == set(current):
        return
    apart = sorted(set(reference) ^ set(current))
    raise InputRefused(
        f"measures of one side alone: {', '.join(apart)}" if apart else "there is no measure",
        expected="the same measures of both sets of rows, one or more",
        cure="measure both sets of rows by the same function",
    )


def count_rows(side: str, measures: Measures) -> int:
    """Return how many rows the measures of one side describe.

    Raises:
        InputRefused: they describe different numbers of rows.

    """
    found = {
        name: len(values) if isinstance(values, np.ndarray) else sum(values.values())
        for name, values in measures.items()
    }
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    counted = ", ".join(f"{name}: {rows} rows" for name, rows in sorted(found.items()))
    raise InputRefused(
        f"the {side} measures describe different numbers of rows ({counted})",
        expected="each measure of the same rows",
        cure="measure every row; a missing number is NaN, a missing category a category",
    )
