"""Ten kinds of goods: 62,774 Chinese shop reviews, each of a category, negative or positive.

The same reviews are two named sources: ``shop10`` learns the category, ``shop10-sentiment`` the
sentiment. ``online_shopping_10_cats`` of ChineseNlpCorpus, published for research. The address
names a commit of that repository and gives a zip with the table in it. The digest of the file is
not written down here: DVC records that of the table which ``ingest`` makes of it. Writes
``data/downloads`` only.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from assay.errors import SourceRefused
from assay.files import replacing
from assay.gateways import fetching
from assay.gateways.sources import columns
from assay.paths import DOWNLOADS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

FILE, ARCHIVE = "online_shopping_10_cats.csv", "online_shopping_10_cats.zip"
URL = (
    "https://raw.githubusercontent.com/SophonPlus/ChineseNlpCorpus/"
    "9afa1292465c1247184073cf151adc583699d1d6/datasets/online_shopping_10_cats/"
    "online_shopping_10_cats.zip"
)
# No more is unpacked: the table holds 12 MB.
MOST_BYTES = 64 * 2**20


def categories() -> pd.DataFrame:
    """Return all reviews by what was bought. Columns: text (one is missing), label, sentiment.

    Raises:
        SourceRefused: nowhere to be had, or another file.

    """
    return _reviews().rename(columns={"category": "label"})


def sentiments() -> pd.DataFrame:
    """Return all reviews by what they say. Columns: text (one is missing), category, label.

    Raises:
        SourceRefused: nowhere to be had, or another file.

    """
    return _reviews().rename(columns={"sentiment": "label"})


def _reviews() -> pd.DataFrame:
    path = fetching.find(f"text/{FILE}", DOWNLOADS / FILE, _fetch)
    table = columns.read(path, {"review": "text", "cat": "category", "label": "sentiment"})
    return table.assign(sentiment=columns.in_words(path, table["sentiment"], columns.SENTIMENTS))


def _fetch(target: Path) -> None:
    archive = target.parent / ARCHIVE
    if not archive.is_file():
        fetching.http_download(URL, archive)
    try:
        with zipfile.ZipFile(archive) as outer, outer.open(FILE) as stream:
            content = stream.read(MOST_BYTES)
    except (KeyError, zipfile.BadZipFile) as problem:
        raise SourceRefused(
            f"{archive} cannot be unpacked: {problem}",
            expected=f"a whole zip file with {FILE} in it",
            cure="remove it and run again to fetch it anew",
        ) from problem
    with replacing(target) as beside:
        beside.write_bytes(content)
