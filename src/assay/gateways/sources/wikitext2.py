"""WikiText-2: English Wikipedia articles, tokenised, rare words as ``<unk>``; for language models.

Merity et al., "Pointer sentinel mixture models", ICLR 2017; CC BY-SA. The archive's own address no
longer answers, so its three files are fetched from pytorch/examples, by an address that names a
commit, and compared with their digests; a mirror's copies are not. A mirror may hold some of the
files alone: these are read then, and none is fetched. Writes ``data/downloads`` only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import fetching
from assay.gateways.sources import columns, plain_text

if TYPE_CHECKING:
    from pathlib import Path

URL = (
    "https://raw.githubusercontent.com/pytorch/examples/"
    "acc295dc7b90714f1bf47f06004fc19a7fe235c4/word_language_model/data/wikitext-2/"
)
SHA256 = {
    "train": "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f",
    "valid": "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8",
    "test": "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0",
}
# The heading of an article; those of its sections have more signs: `` = = Title = = ``.
HEADING = re.compile(r"^ = (?!= ).+ = $", re.MULTILINE)


def wikitext2() -> pd.DataFrame:
    """Return the articles. Columns: text, part (train, valid or test), given (train or test).

    Published figures are of ``test.txt``: its articles are the given test split, all others are
    ``train``. Where the mirror lacks that file, or has no other, there is no column ``given``.

    Raises:
        SourceRefused: nowhere to be had, or another file.

    """
    names = [part for part in SHA256 if fetching.mirrored(f"text/{_file(part)}")] or list(SHA256)
    found = {part: _articles(_fetched(part)) for part in names}
    rows = [(article, part) for part, articles in found.items() for article in articles]
    table = pd.DataFrame(rows, columns=["text", "part"])
    if len(names) > 1 and "test" in names:
        table["given"] = table["part"].where(table["part"].eq("test"), "train")
    return table


def _file(part: str) -> str:
    return f"wikitext2/{part}.txt"


def _fetched(part: str) -> Path:
    return fetching.find_text(_file(part), f"{URL}{part}.txt", SHA256[part])


def _articles(path: Path) -> list[str]:
    """Return the articles of a file, each from its heading on, as it stands there."""
    text = plain_text.read(path)
    starts = [found.start() for found in HEADING.finditer(text)]
    if not starts:
        raise SourceRefused(
            f"{path} holds no line such as ' = Title = '",
            expected="articles, each below such a line",
            cure=columns.CURE,
        )
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
