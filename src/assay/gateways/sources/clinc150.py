"""CLINC150: 18,000 English requests to an assistant, 150 intents, and 200 that have none of them.

Larson et al., "An evaluation dataset for intent classification and out-of-scope prediction",
EMNLP 2019; CC BY 3.0. Out-of-scope requests come with the label ``oos``, a class of its own: the
plain way to reject a request is to answer with it. The column ``part`` names the part of the file
that a row stands in: ``val`` and ``oos_val`` are the given test split. The parts ``test`` and
``oos_test`` are not read: they are left for a measurement of your own. The address names a commit,
and what it gives is compared with the published digest; a mirror's copy is not. Writes
``data/downloads`` only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import fetching
from assay.gateways.sources import columns

if TYPE_CHECKING:
    from pathlib import Path

FILE = "clinc150/data_full.json"
URL = (
    "https://raw.githubusercontent.com/clinc/oos-eval/"
    "828f8093932c8fe6ca7936c3d2e52903b1c523de/data/data_full.json"
)
SHA256 = "36923c3705a59e08fe9c3883d8bc2dd966ef93e22cb78ac41171782a698d56e0"
# The split that each part of the file is.
PARTS = {"train": "train", "val": "test", "oos_train": "train", "oos_val": "test"}


def clinc150() -> pd.DataFrame:
    """Return the requests of :data:`PARTS`. Columns: text, label (the intent, or oos), part, given.

    ``given`` is the split: train or test.

    Raises:
        SourceRefused: nowhere to be had, or another file.

    """
    path = fetching.find_text(FILE, URL, SHA256)
    content = _content(path)
    parts = [
        pd.DataFrame(_rows(path, content, part), columns=["text", "label"]).assign(
            part=part, given=given
        )
        for part, given in PARTS.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as problem:
        raise _refused(path, f"is no JSON: {problem}") from problem
    if not isinstance(content, dict):
        raise _refused(path, "holds no object")
    return content


def _rows(path: Path, content: dict[str, Any], part: str) -> list[list[str]]:
    rows = content.get(part)
    if not isinstance(rows, list):
        raise _refused(path, f"has no list {part!r}; it has " + ", ".join(map(repr, content)))
    for number, row in enumerate(rows):
        match row:
            case [str(), str()]:
                continue
        raise _refused(path, f"holds {str(row)[:40]!r} as number {number:,} of {part!r}")
    return rows


def _refused(path: Path, what: str) -> SourceRefused:
    return SourceRefused(
        f"{path} {what}",
        expected=f"an object with the lists {', '.join(PARTS)} of texts with their labels",
        cure=columns.CURE,
    )
