"""What a task's evaluation returns: the record, and all that is shown beside it.

Reads and writes nothing: ``stages/evaluate`` writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from assay.records import Evaluation
    from assay.reporting.section import Draw


@dataclass(frozen=True)
class Report:
    """An evaluation, ready to be written.

    Attributes:
        evaluation: the metrics (``metrics.json``).
        predictions: the test split's rows with the answers (``predictions.parquet``).
        page: ``report.md``.
        tables: ``tables/<name>.csv``.
        plots: ``plots/<name>.csv``, which ``dvc plots`` draws by the objective's template.
        pictures: ``pictures/<name>.png``, each by the function that draws it.

    """

    evaluation: Evaluation
    predictions: pd.DataFrame
    page: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    plots: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    pictures: Mapping[str, Draw] = field(default_factory=dict)
