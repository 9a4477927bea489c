from __future__ import annotations

import pytest
from pydantic import ValidationError

from assay.settings.corpus import CorpusIngest, CorpusValidate
from assay.settings.limits import DEFAULT


def test_a_document_may_be_a_book_whichever_limit_is_set() -> None:
    for ingest in (CorpusIngest(), CorpusIngest.model_validate({"limits": {"columns": 5}})):
        assert ingest.limits.cell_characters > 10_000_000
        assert ingest.limits.row_characters >= ingest.limits.cell_characters
        assert ingest.limits.table_bytes == DEFAULT.table_bytes


def test_a_separator_is_some_text_or_nothing() -> None:
    assert CorpusIngest().separator is None
    assert CorpusIngest(separator="\n\n\n").separator == "\n\n\n"
    with pytest.raises(ValidationError, match="separator"):
        CorpusIngest(separator="")


def test_a_share_is_no_more_than_all() -> None:
    with pytest.raises(ValidationError, match="max_personal_share"):
        CorpusValidate(max_personal_share=1.5)
