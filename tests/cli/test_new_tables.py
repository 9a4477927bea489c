from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from assay.paths import ModelPaths
from assay.tasks import registry
from assay.tasks.table_classification.settings import TableClassificationModel
from tests import blocks, made
from tests.cli.command import Answer, assay
from tests.conftest import ROOT
from tests.tasks.table_classification.made import people


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    made.lay_out_plain(folder, blocks.table_settings())
    monkeypatch.chdir(folder)
    return folder


def _new(data: Path, label: str, *flags: str) -> Answer:
    words = ("--task", "table-classification", "--data", str(data), "--label", label)
    return assay("new", "loans", *words, *flags)


def _ingested() -> pd.DataFrame:
    model, files = registry.load_model("loans"), ModelPaths("loans")
    files.raw.parent.mkdir(parents=True)
    registry.task_of(model).ingest(model, files.inbox, files.raw)
    return pd.read_parquet(files.raw)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_becomes_a_model_with_no_further_edit(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"rows.{kind}"
    table = made.loans(60)
    table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path)
    answer = _new(path, "repaid")
    assert answer.code == 0, answer.err
    assert "loans: 2 classes (no, yes), 100 epochs at most" in answer.out
    assert answer.out.endswith("next: assay run loans\n")
    raw = _ingested()
    assert raw["label"].tolist() == table["repaid"].tolist()
    assert list(raw.columns) == ["id", "age", "debt", "job", "branch", "label"]


def test_odd_names_of_columns_and_numbers_as_labels_survive_params_yaml(tmp_path: Path) -> None:
    names = {"age": "a: b #", "work": "1e3", "hours per week": " \u5c0f\u65f6 ", "label": "it's"}
    table = people(60).rename(columns=names).assign(**{"it's": [0, 1] * 30, "null": [1, 2, 3] * 20})
    table.to_csv(tmp_path / "a.csv", index=False)
    answer = _new(tmp_path / "a.csv", "it's", "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["labels"] == ["0", "1"]
    model = registry.load_model("loans")
    assert isinstance(model, TableClassificationModel)
    assert {"a: b #", " \u5c0f\u65f6 ", "null"} < set(model.ingest.numbers)
    assert "1e3" in model.ingest.categories
    assert _ingested()["label"].tolist() == ["0", "1"] * 30


def test_columns_that_are_left_out_are_told(tmp_path: Path) -> None:
    table = made.loans(60).assign(customer=[f"C{row}" for row in range(60)], id="7")
    table.to_csv(tmp_path / "a.csv", index=False)
    found = json.loads(_new(tmp_path / "a.csv", "repaid", "--json").out)
    notes = [note for note in found["notes"] if "left out" in note]
    assert [note.split("'")[1] for note in notes] == ["customer", "id"]
    assert "id" in _ingested()


@pytest.mark.parametrize(
    ("label", "code", "found"),
    [("repayd", 2, "did you mean 'repaid'?"), ("age", 3, "different labels in 60 rows")],
)
def test_a_table_that_does_not_fit_is_refused_before_anything_changes(
    tmp_path: Path, label: str, code: int, found: str
) -> None:
    made.loans(60).assign(age=range(60)).to_csv(tmp_path / "a.csv", index=False)
    before = Path("params.yaml").read_bytes()
    answer = _new(tmp_path / "a.csv", label)
    assert answer.code == code
    assert found in answer.err
    assert Path("params.yaml").read_bytes() == before
    assert not ModelPaths("loans").inbox.exists()


def test_the_example_is_taken_over_and_its_source_is_at_hand() -> None:
    answer = assay("new", "loans", "--from", str(ROOT / "examples/breast-cancer.yaml"))
    assert answer.code == 0, answer.err
    assert "loans: 2 classes (benign, malignant)" in answer.out
    assert len(_ingested()) == 569


def test_columns_of_bytes_or_nested_values_are_left_out_and_told(tmp_path: Path) -> None:
    table = made.loans(60).assign(photo=[b"\x89PNG"] * 60)
    table["place"] = pd.Series([{"x": row % 2} for row in range(60)])
    table.to_parquet(tmp_path / "a.parquet")
    found = json.loads(_new(tmp_path / "a.parquet", "repaid", "--json").out)
    assert [note for note in found["notes"] if "holds" in note] == [
        "the column 'photo' is left out: it holds raw bytes",
        "the column 'place' is left out: it holds nested values",
    ]
    assert len(_ingested()) == 60


def test_space_around_a_label_and_its_form_make_no_class(tmp_path: Path) -> None:
    table = made.loans(60).assign(repaid=["caf\u00e9", "cafe\u0301 ", "no", " No"] * 15)
    table.to_csv(tmp_path / "a.csv", index=False)
    found = json.loads(_new(tmp_path / "a.csv", "repaid", "--json").out)
    assert found["labels"] == ["No", "caf\u00e9", "no"]
    assert any("'No' (15) and 'no' (15)" in note for note in found["notes"])
    assert sorted(_ingested()["label"].unique()) == ["No", "caf\u00e9", "no"]
