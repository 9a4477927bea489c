"""BANKING77: 10,003 English questions of a bank's customers, 77 intents.

Casanueva et al., "Efficient intent detection with dual sentence encoders", 2020; CC BY 4.0. The
file ``train.csv`` alone; ``test.csv`` is left for a measurement of your own. The address names a
commit, and what it gives is compared with the published digest; a mirror's copy is not. Writes
``data/downloads`` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.gateways import fetching
from assay.gateways.sources import columns

if TYPE_CHECKING:
    import pandas as pd

FILE = "banking77/train.csv"
URL = (
    "https://raw.githubusercontent.com/PolyAI-LDN/task-specific-datasets/"
    "57ec275d8078af65b7731c2a98be812d844a6d6b/banking_data/train.csv"
)
SHA256 = "b06e26ac675513959a63135f11b94ea7786ed02da65db93a5650d8838cbc664b"


def banking77() -> pd.DataFrame:
    """Return all questions. Columns: text, label (the intent).

    Raises:
        SourceRefused: nowhere to be had, or another file.

    """
    path = fetching.find_text(FILE, URL, SHA256)
    return columns.read(path, {"text": "text", "category": "label"})
