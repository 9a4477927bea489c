"""Named sources of tables: files that come with an installed package, so that no network is needed.

Reads scikit-learn's own data files. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


def breast_cancer() -> pd.DataFrame:
    """Return 569 tumours by 30 measures of their cells' nuclei; ``label`` malignant or benign.

    Street, Wolberg and Mangasarian, "Nuclear feature extraction for breast tumor diagnosis", 1993
    (Wisconsin Diagnostic Breast Cancer, CC BY 4.0).
    """
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    table = pd.DataFrame(found.data, columns=[str(name) for name in found.feature_names])
    table["label"] = [str(found.target_names[number]) for number in found.target]
    return table


SOURCES: dict[str, Callable[[], pd.DataFrame]] = {"breast-cancer": breast_cancer}


def named(name: str) -> pd.DataFrame:
    """Return the table of a named source.

    Raises:
        UsageError: there is no source of this name.

    """
    if name not in SOURCES:
        raise UsageError(
            f"there is no source {name!r}",
            expected="one of " + ", ".join(SOURCES) + ", or null for the inbox alone",
            cure="correct ingest.source in params.yaml",
        )
    return SOURCES[name]()
