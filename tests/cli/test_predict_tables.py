from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.files import sha256
from assay.paths import ModelPaths
from tests import made
from tests.cli.command import Answer, assay

if TYPE_CHECKING:
    from pathlib import Path

FILES = ModelPaths(made.MODEL)
GOOD = '{"age": 70, "debt": 100, "job": "nurse"}'
BAD = '{"age": "20", "debt": 9e4, "job": "waiter", "branch": null}'


@pytest.fixture(autouse=True)
def project(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made.built_table(checkpoint)
    monkeypatch.chdir(folder)
    return folder


def _ask(*words: str) -> Answer:
    return assay("predict", made.MODEL, *words)


def test_rows_get_a_label_and_a_score_each() -> None:
    answer = _ask(GOOD, BAD)
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert [line.split()[0] for line in lines] == ["yes", "no"]
    assert [line.split(maxsplit=2)[2] for line in lines] == [GOOD, BAD]


def test_a_program_gets_one_json_object() -> None:
    found = json.loads(_ask(GOOD, "--json").out)
    assert found["weights"] == sha256(FILES.checkpoint)
    (one,) = found["predictions"]
    assert one["row"] == GOOD
    assert one["predicted_label"] == "yes"
    assert list(one["probabilities"]) == ["no", "yes"]
    assert sum(one["probabilities"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("row", ["{}", '{"job": "?"}', '{"age": null, "debt": ""}'])
def test_a_row_without_any_value_gets_no_label(row: str) -> None:
    answer = _ask(GOOD, row, "--json")
    assert answer.code == 0
    assert "1 rows hold no value at all and get no label" in answer.err
    found = json.loads(answer.out)["predictions"]
    assert found[1]["predicted_label"] is None
    assert found[0] == json.loads(_ask(GOOD, "--json").out)["predictions"][0]


@pytest.mark.parametrize("kind", [".csv", ".parquet", ".jsonl"])
def test_a_file_comes_back_with_three_columns_more(tmp_path: Path, kind: str) -> None:
    table = made.loans(40, seed=3).assign(name="x")
    path = tmp_path / f"new{kind}"
    if kind == ".csv":
        table.to_csv(path, index=False)
    elif kind == ".parquet":
        typed = {name: pd.to_numeric(table[name]) for name in ("age", "debt")}
        table.assign(**typed).to_parquet(path)
    else:
        table.to_json(path, orient="records", lines=True)
    answer = _ask("--file", str(path), "--output", str(tmp_path / "out.csv"))
    assert answer.code == 0, answer.err
    found = pd.read_csv(tmp_path / "out.csv")
    assert list(found.columns) == [*table.columns, "predicted_label", "score", "in_scope"]
    assert found["predicted_label"].eq(table["repaid"]).mean() > 0.75
    rows = [json.dumps(row) for row in table[["age", "debt", "job", "branch"]].to_dict("records")]
    single = json.loads(_ask(*rows, "--json").out)["predictions"]
    assert [one["predicted_label"] for one in single] == found["predicted_label"].tolist()
    assert [one["in_scope"] for one in single] == found["in_scope"].tolist()
    assert [one["score"] for one in single] == pytest.approx(found["score"].tolist(), abs=1e-6)


@pytest.mark.parametrize(
    ("words", "code", "found"),
    [
        ((), 2, "there is nothing to predict"),
        (("a good one",), 2, "a row is no JSON"),
        (('{"agee": 3}',), 2, "the model has no column 'agee'"),
        (('{"age": "1,5"}',), 2, "the value of 'age' is no number: '1,5'"),
        ((GOOD, "--file", "x.csv"), 2, "both rows and --file were given"),
        (("--file", "nowhere.csv"), 2, "there is no file nowhere.csv"),
        (("--file", "params.yaml"), 3, "params.yaml ends in .yaml"),
    ],
)
def test_wrong_usage_is_answered(words: tuple[str, ...], code: int, found: str) -> None:
    answer = _ask(*words)
    assert answer.code == code
    assert found in answer.err
    assert "expected:" in answer.err


def test_a_missing_column_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    made.loans(3).drop(columns=["job"]).to_csv(tmp_path / "a.csv", index=False)
    answer = _ask("--file", str(tmp_path / "a.csv"))
    assert answer.code == 2
    assert "has no column 'job'; it has 'age', 'debt', 'branch', 'repaid'" in answer.err
    (tmp_path / "b.csv").touch()
    assert "b.csv is empty" in _ask("--file", str(tmp_path / "b.csv")).err


def test_half_a_character_is_an_unknown_category() -> None:
    found = [_ask(json.dumps({"age": 70, "job": job}), "--json") for job in ("\ud800", "juggler")]
    first, second = (json.loads(one.out)["predictions"][0]["probabilities"] for one in found)
    assert first == second


def test_explanations_are_of_texts() -> None:
    answer = _ask(GOOD, "--explain")
    assert answer.code == 2
    assert "--explain marks the words of texts" in answer.err
    assert "is asked about rows" in answer.err
