from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from assay.errors import DataRefused
from assay.settings.text import TextModel
from assay.tasks import protocol
from assay.tasks.text_classification import evaluate

if TYPE_CHECKING:
    from pathlib import Path


def settings(*slices: str) -> TextModel:
    return TextModel.model_validate(
        {
            "task": "text-classification",
            "labels": ["no", "yes"],
            "ingest": {"slices": list(slices)},
        }
    )


def test_the_task_is_found_by_its_name() -> None:
    found: object = protocol.evaluates("text-classification")
    assert found is evaluate
    assert evaluate.BASELINE


def test_rows_are_sliced_by_column_and_by_length() -> None:
    table = pd.DataFrame(
        {
            "text": ["x" * size for size in (1, 40, 41, 160, 161, 320, 321)],
            "shop": ["east", None, " ", 7, "east", "west", "west"],
        }
    )
    found = evaluate.slices(table, settings("shop"))
    assert list(found) == ["shop", "characters"]
    assert found["shop"].tolist() == ["east", "(none)", "(none)", "7", "east", "west", "west"]
    assert found["characters"].tolist() == [
        "up to 40", "up to 40", "41 to 80", "81 to 160", "161 to 320", "161 to 320", "over 320",
    ]  # fmt: skip


def test_length_alone_slices_where_no_column_is_named() -> None:
    assert list(evaluate.slices(pd.DataFrame({"text": ["a"]}), settings())) == ["characters"]


def test_a_slice_column_that_is_not_there_is_refused_with_those_that_are() -> None:
    table = pd.DataFrame({"text": ["a"], "label": ["no"]})
    with pytest.raises(DataRefused, match="no column shop") as refused:
        evaluate.slices(table, settings("shop"))
    assert "text, label" in refused.value.expected


def test_the_baseline_answers_in_label_order(tmp_path: Path) -> None:
    train = tmp_path / "train.parquet"
    rows = pd.DataFrame({"text": ["good", "bad"] * 10, "label": ["yes", "no"] * 10})
    rows.to_parquet(train)
    found = evaluate.baseline(train, pd.DataFrame({"text": ["bad", "good"]}), ("no", "yes"), 1)
    assert np.argmax(found, axis=1).tolist() == [0, 1]


def test_a_row_is_shown_by_its_text() -> None:
    assert evaluate.show(pd.Series({"id": 1, "text": "as it stands\n"})) == "as it stands\n"
