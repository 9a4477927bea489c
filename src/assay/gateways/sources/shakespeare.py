"""Tiny Shakespeare: 1,115,394 characters of Shakespeare's plays, for language models.

Karpathy's char-rnn, 2015; the plays are in the public domain. The address names a commit, and what
it gives is compared with the digest of the file; a mirror's copy is not. Writes ``data/downloads``
only.
"""

from __future__ import annotations

import pandas as pd

from assay.errors import SourceRefused
from assay.gateways import fetching
from assay.gateways.sources import columns, plain_text

FILE = "tinyshakespeare/input.txt"
URL = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/"
    "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt"
)
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
# A document: long enough for the context of a small language model, many enough to split.
PASSAGE = 8_000  # characters
BETWEEN_SPEECHES = "\n\n"
# What nanoGPT validates on: the characters behind the first nine tenths.
TRAIN_SHARE = 0.9


def shakespeare() -> pd.DataFrame:
    """Return passages in the file's order. Columns: text, given (the split: train or test).

    Joined, the texts are the file. The last tenth of its characters is the given test split, be
    the cut within a speech.

    Raises:
        SourceRefused: nowhere to be had, or another file.

    """
    path = fetching.find_text(FILE, URL, SHA256)
    text = plain_text.read(path)
    if not text.strip():
        raise SourceRefused(f"{path} is empty", expected="Shakespeare's plays", cure=columns.CURE)
    cut = int(TRAIN_SHARE * len(text))
    parts = {"train": passages(text[:cut]), "test": passages(text[cut:])}
    rows = [(passage, given) for given, part in parts.items() for passage in part]
    return pd.DataFrame(rows, columns=["text", "given"])


def passages(text: str, size: int = PASSAGE) -> list[str]:
    """Return pieces of about ``size`` characters, each but the last up to a blank line's end.

    As many as fit best, of about equal length: one that would be cut where the piece before it
    ends already is left out.
    """
    many = max(round(len(text) / size), 1)
    ends = [0]
    for number in range(1, many):
        found = text.find(BETWEEN_SPEECHES, max(number * len(text) // many, ends[-1]))
        end = found + len(BETWEEN_SPEECHES)
        if found >= 0 and ends[-1] < end < len(text):
            ends.append(end)
    return [text[start:end] for start, end in zip(ends, [*ends[1:], len(text)], strict=True)]
