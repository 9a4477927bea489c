"""Rows that are learned from as they are, and need no column beside their content.

Reads and writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import DataRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assay.records import KeptRows

# One for each of train, validation and test.
FEWEST = 3


class NoTargets:
    """No labels: no column that a row needs, and no defect but those of its content.

    Satisfies ``assay.modalities.targets.Targets``.
    """

    columns: tuple[str, ...] = ()
    meanings: Mapping[str, str] = {}

    def __init__(self, hint: str = "") -> None:
        """Take what may be done, beside bringing more, where there are too few rows."""
        self._hint = hint

    def defects(
        self, rows: pd.DataFrame, key: pd.Series[str], exempt: pd.Series[bool]
    ) -> pd.DataFrame:
        """Return no column."""
        return pd.DataFrame(index=rows.index)

    def measured(self, rows: pd.DataFrame, dropped: pd.Series[bool]) -> pd.DataFrame:
        """Return no column."""
        return pd.DataFrame(index=rows.index)

    def classes(self, rows: pd.DataFrame, dropped: pd.Series[bool]) -> dict[str, KeptRows]:
        """Return nothing: there are no classes."""
        return {}

    def notes(self, rows: pd.DataFrame) -> tuple[str, ...]:
        """Return nothing: there is nothing to look at beside the content."""
        return ()

    def require(self, rows: pd.DataFrame, place: pd.Series[str], noun: str) -> None:
        """Refuse fewer kept rows than there are splits.

        Raises:
            DataRefused: says how many are left.

        """
        if len(rows) < FEWEST:
            raise DataRefused(
                f"{len(rows)} distinct {noun}{'' if len(rows) == 1 else 's'} to learn from",
                expected=f"at least {FEWEST}, one each for train, validation and test",
                cure="; ".join(filter(None, [f"bring more {noun}s", self._hint])),
            )

    def counts(self, rows: pd.DataFrame) -> dict[str, int]:
        """Return nothing: there are no classes."""
        return {}
