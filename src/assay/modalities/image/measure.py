"""Measure the raw table: what the suites of image models name.

Reads the raw table. Writes nothing, drops nothing: it counts what ``split`` is going to drop, by
the same rules (``scan`` and the objective's).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.excerpts import EXAMPLES, excerpt
from assay.modalities.image.scan import defects, is_test, key, scan
from assay.modalities.targets import Measurement
from assay.records import DataSummary, Defect

if TYPE_CHECKING:
    from pathlib import Path

    from assay.modalities.targets import Targets

# What each kind of defect means to a reader of the report.
MEANINGS = {
    "broken": "no image, a part of one, or more than eight bits a channel",
    "blank": "one colour all over",
    "in_the_test_split": "the same pixels stand in the test split that the source came with",
    "duplicate": "the same pixels stand in an earlier row",
}


def measure(raw: Path, targets: Targets) -> Measurement:
    """Return the raw table without its images, with measured columns; and what was found in short.

    Columns beside those of :class:`scan.Scan`: as booleans the kinds of :func:`scan.defects` and
    the objective's, and ``dropped`` (any of them); and what else the objective measures.
    """
    rows = scan(raw, "examining images").rows
    found = pd.concat([defects(rows), targets.defects(rows, key(rows), is_test(rows))], axis=1)
    dropped = found.any(axis=1)
    measured = rows.assign(**targets.measured(rows, dropped), **found, dropped=dropped)
    summary = DataSummary(
        rows=len(rows),
        kept=int((~dropped).sum()),
        dropped=int(dropped.sum()),
        kinds={
            kind: _defect(meaning, rows[found[kind]])
            for kind, meaning in {**MEANINGS, **targets.meanings}.items()
        },
        classes=targets.classes(rows, dropped),
        notes=targets.notes(rows),
        figures=_figures(rows),
    )
    return Measurement(measured, summary)


def _figures(rows: pd.DataFrame) -> dict[str, int | float]:
    if not rows["decodes"].any():
        return {}
    return {
        "median width": int(rows["width"].median()),
        "median height": int(rows["height"].median()),
        "megabytes": round(float(rows["bytes"].sum()) / 1e6, 1),
    }


def _defect(meaning: str, rows: pd.DataFrame) -> Defect:
    """Return how many rows there are, and a few by id, with the reason where there is one."""
    some = rows.head(EXAMPLES)
    examples = (
        f"{name}: {reason}" if isinstance(reason, str) else str(name)
        for name, reason in zip(some["id"], some["reason"], strict=True)
    )
    shown = tuple(excerpt(example) for example in examples)
    return Defect(meaning=meaning, rows=len(rows), dropped=True, examples=shown)
