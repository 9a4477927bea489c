from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.errors import SourceRefused
from assay.gateways.sources import columns

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    file.write_text('label,review,id\n1,"good, ""really""",7\n0,,8\n1,NA,9\n', encoding="utf-8")
    return file


def test_columns_come_as_texts_under_our_names_and_no_row_is_left_out(path: Path) -> None:
    table = columns.read(path, {"review": "text", "label": "label"})
    assert list(table) == ["text", "label"]
    assert table["label"].tolist() == ["1", "0", "1"]
    assert table["text"].fillna("(missing)").tolist() == ['good, "really"', "(missing)", "NA"]


def test_missing_columns_are_named_beside_those_that_are_there(path: Path) -> None:
    with pytest.raises(
        SourceRefused, match=r"no column 'cat'; it has 'label', 'review'"
    ) as refused:
        columns.read(path, {"cat": "label", "review": "text"})
    assert refused.value.expected == "the columns 'cat', 'review'"
    assert refused.value.cure == columns.CURE


def test_labels_are_put_in_words(path: Path) -> None:
    found = columns.in_words(path, pd.Series(["1", "0"]), columns.SENTIMENTS)
    assert found.tolist() == ["positive", "negative"]


@pytest.mark.parametrize(("label", "shown"), [("2", "'2'"), (None, "'nan'")])
def test_a_label_without_a_word_is_refused(path: Path, label: str | None, shown: str) -> None:
    values = pd.Series(["1", label], dtype="str")
    with pytest.raises(SourceRefused, match=f"holds the label {shown}") as refused:
        columns.in_words(path, values, columns.SENTIMENTS)
    assert refused.value.expected == "one of '0', '1'"
