"""The label column of a table: its defects, its measures, and what a split must hold of it.

Reads and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import DataRefused
from assay.excerpts import EXAMPLES, excerpt
from assay.objectives.classification.labels import LABEL
from assay.objectives.classification.spelling import same_but_for_case
from assay.records import KeptRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class LabelRules:
    """The label column of a table, and the rules that hold for it.

    Satisfies ``assay.modalities.targets.Targets``.
    """

    columns = (LABEL,)
    meanings: Mapping[str, str] = {"conflict": "the same content carries different labels"}

    def __init__(self, names: Sequence[str]) -> None:
        """Take the classes of ``params.yaml``."""
        self._names = names

    def defects(
        self, rows: pd.DataFrame, key: pd.Series[str], exempt: pd.Series[bool]
    ) -> pd.DataFrame:
        """Return ``conflict``: rows of one key that carry different labels."""
        labels_of = rows[LABEL].groupby(key).nunique()
        conflict = ~exempt & key.map(labels_of).fillna(0).gt(1)
        return pd.DataFrame({"conflict": conflict}, index=rows.index)

    def measured(self, rows: pd.DataFrame, dropped: pd.Series[bool]) -> pd.DataFrame:
        """Return ``class_rows`` (kept ones of the class) and ``class_share`` (of all labelled)."""
        label = rows[LABEL]
        kept = label.map(label[~dropped].value_counts()).fillna(0).where(label.notna())
        share = label.map(label.value_counts(normalize=True))
        return pd.DataFrame({"class_rows": kept, "class_share": share}, index=rows.index)

    def classes(self, rows: pd.DataFrame, dropped: pd.Series[bool]) -> dict[str, KeptRows]:
        """Return each class's rows, and those kept.

        Of labels that the settings do not know a few are named, the others only counted: when a
        column of free text was taken for the labels, a report must not hold all of it.
        """
        label = rows[LABEL]
        total, kept = Counter(label.dropna()), Counter(label[~dropped].dropna())
        unknown = [name for name in total if name not in self._names]
        named: dict[str, KeptRows] = {}
        for name in [*self._names, *unknown[:EXAMPLES]]:
            shown = excerpt(name)  # cut and masked, two may look the same
            same = named.get(shown, KeptRows(rows=0, kept=0))
            named[shown] = KeptRows(rows=same.rows + total[name], kept=same.kept + kept[name])
        if others := unknown[EXAMPLES:]:
            named[f"({len(others):,} other labels)"] = KeptRows(
                rows=sum(total[name] for name in others), kept=sum(kept[name] for name in others)
            )
        return named

    def notes(self, rows: pd.DataFrame) -> tuple[str, ...]:
        """Name labels that differ in upper and lower case alone."""
        return same_but_for_case(Counter(rows[LABEL].dropna()))

    def require(self, rows: pd.DataFrame, place: pd.Series[str], noun: str) -> None:
        """Refuse kept rows of which a class to learn has none in the train split.

        Raises:
            DataRefused: names the classes.

        """
        absent = set(self._names) - set(rows[LABEL][place.eq("train")])
        if absent:
            raise DataRefused(
                f"no {noun} to learn from is left for {', '.join(sorted(absent))}",
                expected="every label of params.yaml in the train split",
                cure=f"add {noun}s of it to the inbox, or take it out of `labels`",
            )

    def counts(self, rows: pd.DataFrame) -> dict[str, int]:
        """Return the rows of each label, by name."""
        found = rows[LABEL].value_counts().sort_index()
        return {str(name): int(count) for name, count in found.items()}
