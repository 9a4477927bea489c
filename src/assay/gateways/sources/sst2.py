"""SST-2: English sentences out of film reviews, negative or positive, with a test split.

Socher et al., "Recursive deep models for semantic compositionality over a sentiment treebank",
EMNLP 2013; whole sentences alone: 6,920 to learn from, and the 872 of ``dev.tsv``, which are the
given test split (the labels of its own test file are not used). Looked for in the mirror, in
``data/downloads``, and in a public repository. No commit of that repository is named, and no digest
written down here: DVC records that of the table which ``ingest`` makes of the files. Writes
``data/downloads`` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import fetching
from assay.gateways.sources import columns

if TYPE_CHECKING:
    from pathlib import Path

URL = (
    "https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification/master/data/SST2/"
)
PARTS = {"train": "train", "dev": "test"}  # the split that each file is


def sst2() -> pd.DataFrame:
    """Return both files' sentences. Columns: text, label, given (the split: train or test).

    Raises:
        SourceRefused: nowhere to be had, or another file.

    """
    parts = [
        _part(fetching.find_text(f"sst2/{stem}.tsv", f"{URL}{stem}.tsv"), given)
        for stem, given in PARTS.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _part(path: Path, given: str) -> pd.DataFrame:
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as problem:
        raise _refused(path, f"is not UTF-8: {problem}") from problem
    rows = [line.removesuffix("\r").split("\t") for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise _refused(path, f"has {len(row)} cells in line {number:,}")
    table = pd.DataFrame(rows, columns=["text", "label"])
    label = columns.in_words(path, table["label"], columns.SENTIMENTS)
    return table.assign(label=label, given=given)


def _refused(path: Path, what: str) -> SourceRefused:
    return SourceRefused(
        f"{path} {what}", expected="a sentence, a tab and 0 or 1 a line", cure=columns.CURE
    )
