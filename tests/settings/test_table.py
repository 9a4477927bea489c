from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.settings.reading import load_example, parse
from assay.settings.table import MISSING, TableIngest
from assay.tasks.registry import KINDS
from assay.tasks.table_classification.settings import TableClassificationModel
from tests.conftest import ROOT
from tests.settings.test_schema import _keys

SMALLEST: dict[str, Any] = {
    "data": "table",
    "task": "classification",
    "labels": ["no", "yes"],
    "ingest": {"numbers": ["age"]},
}


def test_three_keys_are_enough() -> None:
    model = TableClassificationModel.model_validate(SMALLEST)
    assert model.ingest.missing == MISSING
    assert model.ingest.label == "label"
    assert model.train.checkpoint is None


def test_it_survives_being_written_as_json() -> None:
    model = TableClassificationModel.model_validate(SMALLEST)
    again = TableClassificationModel.model_validate_json(model.model_dump_json(by_alias=True))
    assert again == model


def test_the_example_shows_every_block_and_loads() -> None:
    _, model = load_example(ROOT / "examples/breast-cancer.yaml", KINDS)
    assert isinstance(model, TableClassificationModel)
    assert model.split.test == 0.2
    shown = model.model_dump(by_alias=True, exclude_unset=True)
    assert set(shown) == set(_keys(TableClassificationModel))
    assert set(shown["train"]) == set(_keys(TableClassificationModel)["train"])


def test_names_and_words_are_text_whatever_yaml_reads() -> None:
    found = TableIngest.model_validate(
        {"numbers": [2019, "1e3"], "categories": [True], "missing": [-999, None, "N.A. "]}
    )
    assert found.numbers == ("2019", "1e3")
    assert found.categories == ("True",)
    assert found.missing == ("-999", "none", "n.a.")


@pytest.mark.parametrize(
    "ingest",
    [
        {},
        {"numbers": [], "categories": []},
        {"numbers": ["age", "age"]},
        {"numbers": ["age"], "categories": ["age"]},
        {"numbers": ["age"], "categories": "job"},
        {"numbers": ["age", "id"]},
        {"numbers": ["age"], "slices": ["id"]},
        {"numbers": ["age"], "categories": ["label"]},
        {"numbers": ["age"], "categories": ["repaid"], "label": "repaid"},
        {"numbers": ["age", "label"], "label": "repaid"},
        {"numbers": ["age"], "colour": "red"},
    ],
)
def test_columns_that_cannot_be_features_are_refused(ingest: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TableClassificationModel.model_validate(SMALLEST | {"ingest": ingest})


@pytest.mark.parametrize(
    ("block", "key", "value"),
    [
        ("train", "checkpoint", "some/network"),
        ("train", "network", "tree"),
        ("train", "hidden", 0),
        ("train", "dropout", 1.0),
        ("train", "scaling", "minmax"),
        ("train", "quantiles", 1),
        ("train", "embedding", 0),
        ("train", "min_category_rows", 0),
        ("validate", "max_missing_share", 1.5),
        ("validate", "max_categories", 0),
        ("validate", "max_single_column_accuracy", 0.5),
        ("split", "near_hash_bits", 3),
    ],
)
def test_values_out_of_bounds_are_refused(block: str, key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        TableClassificationModel.model_validate(SMALLEST | {block: {key: value}})
    assert key in str(refused.value)


def test_names_of_columns_with_quotes_and_colons_are_read_from_yaml(tmp_path: Any) -> None:
    text = """
models:
  loans:
    data: table
    task: classification
    labels: [0, 1]
    ingest:
      numbers: ['a: b', "it's \u57ce", '#x', ' y ', 'no']
"""
    found = parse(tmp_path / "params.yaml", text.encode(), KINDS)["loans"]
    assert isinstance(found, TableClassificationModel)
    assert found.ingest.numbers == ("a: b", "it's \u57ce", "#x", " y ", "no")
    assert found.labels == ("0", "1")
