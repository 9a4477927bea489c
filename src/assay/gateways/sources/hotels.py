"""The hotels: 7,766 Chinese hotel reviews, negative or positive.

Tan Songbo's ChnSentiCorp, as ChineseNlpCorpus publishes it for research. The address names a
commit of that repository. The digest of the file is not written down here: DVC records that of the
table which ``ingest`` makes of it. Writes ``data/downloads`` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.gateways import fetching
from assay.gateways.sources import columns

if TYPE_CHECKING:
    import pandas as pd

FILE = "chnsenticorp_hotel.csv"
URL = (
    "https://raw.githubusercontent.com/SophonPlus/ChineseNlpCorpus/"
    "4ef366aa97c927f5bd69e1d97dc88461590174fd/datasets/ChnSentiCorp_htl_all/"
    "ChnSentiCorp_htl_all.csv"
)


def hotels() -> pd.DataFrame:
    """Return all reviews. Columns: text (one is missing), label.

    Raises:
        SourceRefused: nowhere to be had, or another file.

    """
    path = fetching.find_text(FILE, URL)
    table = columns.read(path, {"review": "text", "label": "label"})
    return table.assign(label=columns.in_words(path, table["label"], columns.SENTIMENTS))
