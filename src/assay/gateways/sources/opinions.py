"""The opinions: 23,703 rated English snippets, out of a source archive on the package index.

Reads the archive as a zip of files, by pip's own client. Writes ``data/downloads`` only. Never
imports or runs anything of it: pip checks its SHA-256 before it asks the archive for its metadata.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from functools import partial
from statistics import NormalDist
from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import fetching
from assay.paths import DOWNLOADS

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVE = "vaderSentiment-0.5.zip"
SHA256 = "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a"
INNER = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
INNER_SHA256 = "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa"
DOMAINS = {
    "amazonReviewSnippets": "products",
    "movieReviewSnippets": "films",
    "nytEditorialSnippets": "news",
    "tweets": "tweets",
}
NEGATIVE_UP_TO, POSITIVE_FROM = -0.5, 0.5
# Single ratings of a text lie about 0.8 around their mean (0.70 to 0.89 in the four parts). The
# means of two panels of 20 people therefore differ by about 0.8 * sqrt(2 / 20).
PANEL_SPREAD = 0.25


def opinions() -> pd.DataFrame:
    """Return 23,703 English snippets with the mean of 20 people's ratings (-4 to 4).

    Negative at -0.5 or below, positive at 0.5 or above, else neutral. Hutto and Gilbert, "VADER",
    ICWSM 2014; MIT licence. Columns: text, label, rating, domain, and ``target_<label>``: the
    chance that another panel of 20 people would have given that label.
    """
    archive = _archive()
    fetching.check_digest(archive, SHA256)
    with zipfile.ZipFile(archive) as outer:
        inner = outer.read(INNER)
    fetching.check_content(f"{archive.name}:{INNER}", inner, INNER_SHA256)
    with tarfile.open(fileobj=io.BytesIO(inner)) as tar:
        parts = [
            _ground_truth(tar, f"hutto_ICWSM_2014/{stem}_GroundTruth.txt", domain)
            for stem, domain in DOMAINS.items()
        ]
    table = pd.concat(parts, ignore_index=True)
    table["label"] = table["rating"].map(_label_of)
    return pd.concat([table, _chances(table["rating"])], axis="columns")


def _archive() -> Path:
    fetch = partial(fetching.pip_download, "vaderSentiment==0.5", SHA256)
    return fetching.find(f"text/{ARCHIVE}", DOWNLOADS / ARCHIVE, fetch)


def _ground_truth(tar: tarfile.TarFile, name: str, domain: str) -> pd.DataFrame:
    stream = tar.extractfile(name)
    if stream is None:
        raise SourceRefused(f"{name} is no file", expected="tab-separated lines", cure="")
    lines = stream.read().decode("utf-8").split("\n")
    rows = [line.rstrip("\r").split("\t") for line in lines if line.strip()]
    return pd.DataFrame(
        {
            "text": [row[2] for row in rows],
            "rating": [float(row[1]) for row in rows],
            "domain": domain,
        }
    )


def _label_of(rating: float) -> str:
    if rating <= NEGATIVE_UP_TO:
        return "negative"
    return "positive" if rating >= POSITIVE_FROM else "neutral"


def _chances(rating: pd.Series[float]) -> pd.DataFrame:
    panel = NormalDist(sigma=PANEL_SPREAD)
    negative = rating.map(lambda mean: panel.cdf(NEGATIVE_UP_TO - mean)).round(4)
    positive = rating.map(lambda mean: panel.cdf(mean - POSITIVE_FROM)).round(4)
    neutral = (1 - negative - positive).round(4)
    return pd.DataFrame(
        {"target_negative": negative, "target_neutral": neutral, "target_positive": positive}
    )
