"""Labels as class numbers, as a test split holds them, and as a new model proposes them.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assay.errors import DataRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    Ints = np.ndarray[Any, np.dtype[np.int64]]

LABEL = "label"
SHOWN = 5


def numbers(labels: Sequence[str], names: Sequence[str]) -> Ints:
    """Return the labels' places in ``names``, int64 of shape (rows,).

    Raises:
        KeyError: a label that ``names`` lacks.

    """
    place = {name: number for number, name in enumerate(names)}
    return np.array([place[label] for label in labels], dtype=np.int64)


def known_labels(table: pd.DataFrame, names: Sequence[str], split: str = "test") -> list[str]:
    """Return the labels of a split, each of which must be one of ``names``.

    Raises:
        DataRefused: no row at all, or a label that the bundle doesn't know.

    """
    found = table[LABEL].astype(str).tolist()
    if not found:
        raise DataRefused(
            f"the {split} split holds no row",
            expected="rows to measure the model on",
            cure=f"bring more data, or raise split.{split} in params.yaml",
        )
    if unknown := sorted(set(found) - set(names)):
        raise DataRefused(
            f"the {split} split holds labels that the bundle doesn't know: {', '.join(unknown)}",
            expected="one of " + ", ".join(names),
            cure="build the model anew from this data: assay run MODEL",
        )
    return found


def proposed_classes(
    counts: Mapping[str, int], where: str, *, noun: str, cure: str, fewest: int = 1
) -> tuple[str, ...]:
    """Return the classes of a new model, sorted, from how often each label stands in its data.

    Args:
        counts: rows of each label.
        where: what holds them, e.g. ``the column 'topic'``.
        noun: what the user calls a row.
        cure: how to bring rows of a second class.
        fewest: rows that each class needs.

    Raises:
        DataRefused: fewer than two classes, labels that hardly recur (free text, an id), or
            classes of too few rows.

    """
    rows = sum(counts.values())
    if len(counts) < 2:
        raise DataRefused(
            f"{where} holds "
            + (f"one class only: {next(iter(counts))!r}" if counts else f"no {noun} with a label"),
            expected=f"at least two classes of ten {noun}s or more",
            cure=cure,
        )
    if len(counts) > max(2, rows // 2):
        raise DataRefused(
            f"{where} holds {len(counts):,} different labels in {rows:,} {noun}s",
            expected=f"classes that recur: ten {noun}s or more each",
            cure="name the column that holds the classes with --label (this looks like free text "
            "or an id)",
        )
    if few := sorted(label for label, found in counts.items() if found < fewest):
        shown = ", ".join(f"{label!r} ({counts[label]})" for label in few[:SHOWN])
        raise DataRefused(
            f"{len(few):,} classes have too few {noun}s: {shown}"
            + (" ..." if len(few) > SHOWN else ""),
            expected=f"{fewest} {noun}s or more of each class",
            cure=f"bring more {noun}s of these classes, merge them into others, or leave them out",
        )
    return tuple(sorted(counts))
