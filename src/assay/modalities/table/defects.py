"""Which rows of a table can't be learned from.

Reads and writes nothing. ``measure`` counts with these rules and ``split`` drops by them, so that
what the report announces is what happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.modalities.table import cells

if TYPE_CHECKING:
    from assay.modalities.targets import Targets
    from assay.settings.table import TableIngest

# What each kind of defect means to a reader of the report.
MEANINGS = {
    "empty": "every feature is missing",
    "duplicate": "the same features stand in an earlier row",
}


def defects(table: pd.DataFrame, settings: TableIngest, targets: Targets) -> pd.DataFrame:
    """Return a boolean column for each kind of defect of the raw table, and the objective's."""
    key = cells.keys(cells.features(table, settings))
    own = pd.DataFrame(
        {"empty": key.isna(), "duplicate": key.notna() & key.duplicated()}, index=table.index
    )
    nothing_exempt = pd.Series(False, index=table.index)
    return pd.concat([own, targets.defects(table, key, nothing_exempt)], axis=1)
