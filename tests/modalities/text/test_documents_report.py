from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from assay.modalities.text import documents_report
from assay.settings.corpus import CorpusIngest

CLEAN: dict[str, Any] = {
    "text_length": 10,
    "broken": False,
    "has_personal": False,
    "language": "English",
    "repeated_ngram_share": 0.0,
}


def notes(
    *rows: dict[str, Any], personal: dict[str, int] | None = None, **lines: int
) -> tuple[str, ...]:
    table = pd.DataFrame([{**CLEAN, **row} for row in rows])
    return documents_report.notes(table, CorpusIngest(), Counter(personal or {}), lines)


def test_nothing_is_said_of_a_clean_corpus() -> None:
    assert notes({}, {}, {}) == ()
    rare = [{"language": "Greek"}, *([{}] * 30)]
    assert notes(*rare) == (), "a second language must be more than a document in thirty"


def test_each_thing_to_look_at_is_a_sentence() -> None:
    (note,) = notes({}, {"broken": True, "text_length": 2000})
    assert "control characters: 1 (2,000 characters)" in note
    (note,) = notes({}, {"has_personal": True}, personal={"phone": 2, "card number": 1})
    assert "1 of 2 documents" in note
    assert "(1 card number, 2 phone)" in note
    (note,) = notes({}, {}, {}, {"language": "Chinese"})
    assert note == "the documents are in several languages: English 75%, Chinese 25%"
    (note,) = notes({}, {"repeated_ngram_share": 0.6}, {"repeated_ngram_share": 0.5})
    assert "n-grams: 1;" in note
    (note,) = notes({}, {}, header=7, footer=3)
    assert "many documents: 2 (the commonest in 7)" in note
