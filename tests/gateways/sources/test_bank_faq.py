from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.errors import SourceRefused
from assay.gateways import sources
from assay.gateways.sources import bank_faq

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 'Question,Answer,Class\nMay I pay?,"Yes,\nyou may.",cards\nWhen?,,loans\n'


def test_a_document_is_the_question_and_its_answer(mirror: Path) -> None:
    (mirror / "text" / bank_faq.FILE).write_text(ROWS)
    table = sources.corpus("bank_faq")
    assert list(table) == ["text", "question", "answer", "class"]
    assert table["text"][0] == "Question: May I pay?\nAnswer: Yes,\nyou may."
    assert table["text"].isna().tolist() == [False, True], "no answer, no document"
    assert table["class"].tolist() == ["cards", "loans"]


def test_it_comes_from_the_mirror_alone(mirror: Path) -> None:
    with pytest.raises(SourceRefused, match=r"has no text/bank_faq.csv"):
        sources.corpus("bank_faq")
