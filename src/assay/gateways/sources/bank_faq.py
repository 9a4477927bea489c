"""A bank's frequent questions with their answers: 1,764 in English, of seven subjects.

From a public repository without a licence: only for measuring, and never shipped. It is read from
the mirror alone. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.gateways import fetching
from assay.gateways.sources import columns

if TYPE_CHECKING:
    import pandas as pd

FILE = "bank_faq.csv"
COLUMNS = {"Question": "question", "Answer": "answer", "Class": "class"}


def bank_faq() -> pd.DataFrame:
    """Return all questions. Columns: text, question, answer, class (the subject).

    ``text`` is ``Question: ...``, a line break, ``Answer: ...``.

    Raises:
        SourceRefused: not in the mirror, or another file.

    """
    path = fetching.find_mirrored(FILE, "a table with the columns " + ", ".join(COLUMNS))
    table = columns.read(path, COLUMNS)
    table.insert(0, "text", "Question: " + table["question"] + "\nAnswer: " + table["answer"])
    return table
