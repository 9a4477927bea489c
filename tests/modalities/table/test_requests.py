from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay.errors import MissingFile, SourceRefused, UsageError
from assay.modalities.table.requests import RowRequests
from assay.settings.table import TableIngest

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = RowRequests(TableIngest(numbers=("age", "debt"), categories=("job", "it's \u57ce")))


def test_words_are_json_objects() -> None:
    first, second = REQUESTS.words(['{"age": 33}', '{"job": "cook", "it\'s \u57ce": null}'])
    assert first == {"age": 33}
    assert second == {"job": "cook", "it's \u57ce": None}


def test_the_example_can_be_pasted_into_a_shell() -> None:
    (word,) = shlex.split(REQUESTS.example)
    assert list(json.loads(word)) == ["age", "debt", "job", "it's \u57ce"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("33", "a row is no JSON object: 33"),
        ("{age: 33}", "a row is no JSON"),
        ("", "a row is no JSON"),
        ("[]", "a row is no JSON object"),
        ("null", "a row is no JSON object"),
        ('{"Age": 33}', "the model has no column 'Age'"),
        ('{"age": "1,5"}', "the value of 'age' is no number: '1,5'"),
        ('{"age": true}', "the value of 'age' is no number"),
        ('{"age": Infinity}', "the value of 'age' is no number"),
        ('{"job": ["cook"]}', "the value of 'job' is no number or text"),
        ('{"age": {"years": 1}}', "the value of 'age' is no number or text"),
        ("[" * 200_000, "a row is no JSON"),
        ('{"age": ' + "9" * 5000 + "}", "a row is no JSON"),
    ],
)
def test_a_row_that_would_be_misread_is_refused_with_an_example(word: str, found: str) -> None:
    with pytest.raises(UsageError) as refused:
        REQUESTS.words([word])
    assert found in refused.value.found
    assert "'age', 'debt', 'job'" in refused.value.expected
    assert REQUESTS.example in refused.value.cure


@pytest.mark.parametrize("value", ['"?"', "null", '""', '" 12 "', '"1e3"', "-0.5", "NaN"])
def test_missing_cells_and_numbers_in_quotes_are_taken(value: str) -> None:
    assert len(REQUESTS.words([f'{{"age": {value}}}'])) == 1


def test_a_table_may_have_more_columns_but_not_fewer(tmp_path: Path) -> None:
    table = pd.DataFrame({"age": ["1"], "debt": [""], "job": ["x"], "it's \u57ce": ["y"]})
    table.assign(more="z").to_csv(tmp_path / "a.csv", index=False)
    rows, contents = REQUESTS.table(tmp_path / "a.csv", None)
    assert list(rows.columns)[-1] == "more"
    assert contents[0]["it's \u57ce"] == "y"
    table.drop(columns=["debt", "job"]).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(UsageError) as refused:
        REQUESTS.table(tmp_path / "b.csv", None)
    assert "b.csv has no column 'debt', 'job'; it has 'age', " in refused.value.found
    assert "empty cells count as missing" in refused.value.cure


def test_an_empty_and_an_absent_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with pytest.raises(SourceRefused, match="is empty"):
        REQUESTS.table(tmp_path / "a.csv", None)
    with pytest.raises(MissingFile):
        REQUESTS.table(tmp_path / "b.csv", None)


def test_there_is_no_one_column_to_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--column age"):
        REQUESTS.table(tmp_path / "a.csv", "age")


def test_rows_without_any_value_get_no_label() -> None:
    rows: list[dict[str, Any]] = [
        {"age": 1},
        {},
        {"age": "?", "job": " "},
        {"job": "x"},
        {"other": 1},
    ]
    assert REQUESTS.usable(rows) == [True, False, False, True, False]
    assert REQUESTS.truncated({}) == ""
