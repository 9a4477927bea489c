"""Measure the raw table: what the suite in ``expectations/image-classification.yaml`` speaks of.

Reads the raw table. Writes nothing, drops nothing: it counts what ``split`` is going to drop, by
the same rules (``survey``).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from assay.gateways.expectations import EXAMPLES, excerpt
from assay.tasks.image_classification.survey import dirt, droppable, survey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from assay.settings.image import ImageModel

# What each kind of dirt means to a reader of the report.
MEANING = {
    "broken": "no image, a part of one, or more than eight bits a channel",
    "blank": "one colour all over",
    "in_the_test_split": "the same pixels stand in the test split that the source came with",
    "duplicate": "the same pixels stand in an earlier row",
    "conflict": "the same pixels carry different labels",
}


def measure(raw: Path, settings: ImageModel) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the raw table without its images, with measured columns; and what was found in short.

    Columns beside those of :class:`survey.Survey`: ``class_rows`` (rows of the row's class that are
    not dropped); ``class_share`` (of all labelled rows); as booleans the kinds of
    :func:`survey.dirt`, and ``dropped`` (any of them).
    """
    rows = survey(raw, "looking at images").rows
    found = dirt(rows)
    dropped = droppable(found)
    label = rows["label"]
    measured = rows.assign(
        class_rows=label.map(label[~dropped].value_counts()).fillna(0).where(label.notna()),
        class_share=label.map(label.value_counts(normalize=True)),
        **found,
        dropped=dropped,
    )
    return measured, {
        "rows": len(rows),
        "kept": int((~dropped).sum()),
        "dropped": int(dropped.sum()),
        "kinds": {
            kind: {"meaning": meaning, "dropped": True, **_rows(rows[found[kind]])}
            for kind, meaning in MEANING.items()
        },
        "classes": _classes(label, dropped, settings.labels),
        "figures": _figures(rows),
    }


def _figures(rows: pd.DataFrame) -> dict[str, int | float]:
    if not rows["decodes"].any():
        return {}
    return {
        "median width": int(rows["width"].median()),
        "median height": int(rows["height"].median()),
        "megabytes": round(float(rows["bytes"].sum()) / 1e6, 1),
    }


def _classes(
    label: pd.Series[Any], dropped: pd.Series[Any], known: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Return each class's rows, and those kept; of unknown labels a few are named."""
    rows, kept = Counter(label.dropna()), Counter(label[~dropped].dropna())
    unknown = [name for name in rows if name not in known]
    named = {
        excerpt(name): {"rows": rows[name], "kept": kept[name]}
        for name in [*known, *unknown[:EXAMPLES]]
    }
    if others := unknown[EXAMPLES:]:
        named[f"({len(others):,} other labels)"] = {
            "rows": sum(rows[name] for name in others),
            "kept": sum(kept[name] for name in others),
        }
    return named


def _rows(rows: pd.DataFrame) -> dict[str, Any]:
    """Return how many rows there are, and a few by id, with the reason where there is one."""
    some = rows.head(EXAMPLES)
    examples = [
        f"{name}: {reason}" if isinstance(reason, str) else str(name)
        for name, reason in zip(some["id"], some["reason"], strict=True)
    ]
    return {"rows": len(rows), "examples": [excerpt(example) for example in examples]}
