"""Song ci: 18,553 Chinese poems of the Song dynasty, each written to a tune.

Out of chinese-poetry (MIT), in simplified characters, a JSON object a line. It is read from the
mirror alone: that repository keeps the poems in another form and in many files, so there is no
address that gives this one. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.gateways import fetching
from assay.gateways.sources import columns

if TYPE_CHECKING:
    import pandas as pd

FILE = "songci.jsonl"


def songci() -> pd.DataFrame:
    """Return all poems. Columns: text (the tune, a line break, the poem), title (tune), author.

    Raises:
        SourceRefused: not in the mirror, or another file.

    """
    path = fetching.find_mirrored(
        FILE, 'lines such as {"title": tune, "author": name, "text": poem}'
    )
    table = columns.read(path, {"title": "title", "author": "author", "text": "text"})
    whole = table["title"].fillna("") + "\n" + table["text"]
    return table.assign(text=whole)[["text", "title", "author"]]
