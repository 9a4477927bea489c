from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML

from assay.paths import PARAMS
from assay.tasks.registry import BY_NAME
from assay.tasks.text_classification.settings import TextClassificationModel
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALLEST: dict[str, Any] = {"data": "text", "task": "classification", "labels": ["no", "yes"]}
SHIPPED = ROOT / PARAMS


def _keys(block: type[BaseModel]) -> dict[str, Any]:
    """Return the nested keys of a block, as a user writes them."""
    return {
        field.alias or name: _keys(kind)
        if isinstance(kind := field.annotation, type) and issubclass(kind, BaseModel)
        else None
        for name, field in block.model_fields.items()
    }


def test_the_shipped_file_shows_every_key_there_is() -> None:
    def shape(value: object, name: str = "") -> object:
        # The names of metrics are a model's own.
        if not isinstance(value, dict) or name == "floors":
            return None
        return {k: shape(v, k) for k, v in value.items()}

    written = YAML(typ="safe").load(SHIPPED)
    for name, block in written["models"].items():
        assert shape(block) == _keys(BY_NAME[f"{block['data']}-{block['task']}"].settings), name


def _numbers(schema: object, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every number of a JSON schema, with the key that it belongs to."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number") and "enum" not in schema:
            yield name, schema
        for key, inner in schema.items():
            yield from _numbers(inner, name if key in ("anyOf", "items") else key)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _numbers(inner, name)


@pytest.mark.parametrize("kind", BY_NAME)
def test_every_number_has_bounds_on_both_sides(kind: str) -> None:
    found = list(_numbers(BY_NAME[kind].settings.model_json_schema()))
    assert len(found) > 20
    for name, number in found:
        assert {"minimum", "exclusiveMinimum"} & set(number), name
        assert {"maximum", "exclusiveMaximum"} & set(number), name


@pytest.mark.parametrize(
    ("block", "key", "value"),
    [
        ("train", "seed", -1),
        ("split", "seed", 10**30),
        ("train", "epochs", 10**20),
        ("train", "threads", 10**6),
        ("train", "clip_norm", float("inf")),
        ("train", "learning_rate", float("nan")),
        ("evaluate", "bootstrap", 10**12),
        ("ingest", "limit", 10**20),
    ],
)
def test_numbers_of_another_world_are_refused(block: str, key: str, value: object) -> None:
    with pytest.raises(ValidationError, match=key):
        TextClassificationModel.model_validate(SMALLEST | {block: {key: value}})


def test_validation_and_test_leave_half_of_the_rows_to_learn_from() -> None:
    both = {"validation": 0.49, "test": 0.49}
    with pytest.raises(ValidationError, match=r"0\.98 would leave 0\.02 of the rows"):
        TextClassificationModel.model_validate(SMALLEST | {"split": both})
    TextClassificationModel.model_validate(SMALLEST | {"split": {"validation": 0.2, "test": 0.3}})


@pytest.mark.parametrize("labels", [["", "yes"], ["  ", "yes"], ["no", "\n"]])
def test_blank_labels_are_refused(labels: list[str]) -> None:
    with pytest.raises(ValidationError, match="none of them blank"):
        TextClassificationModel.model_validate(SMALLEST | {"labels": labels})


def test_two_keys_are_enough() -> None:
    model = TextClassificationModel.model_validate(SMALLEST)
    assert model.train.epochs == 2
    assert model.validation.min_rows == 100


def test_it_survives_being_written_as_json() -> None:
    model = TextClassificationModel.model_validate(
        SMALLEST | {"ingest": {"slices": ["shop"], "limit": 50}}
    )
    assert (
        TextClassificationModel.model_validate_json(model.model_dump_json(by_alias=True)) == model
    )


@pytest.mark.parametrize(
    ("block", "key", "value"),
    [
        ("train", "epochs", 0),
        ("train", "epochs", "2"),
        ("train", "epochs", True),
        ("train", "learning_rate", 0),
        ("train", "learning_rate", float("nan")),
        ("train", "max_length", 4),
        ("train", "max_length", 1024),
        ("train", "precision", "fp16"),
        ("train", "dropout", 1.0),
        ("split", "test", 0.0),
        ("split", "test", 0.5),
        ("split", "near_duplicate", 0.4),
        ("validate", "min_rows_per_class", 9),
        ("validate", "max_class_share", 1.1),
        ("ingest", "limit", 9),
        ("ingest", "slices", "domain"),
        ("ingest", "slices", [1]),
        ("export", "precision", "int4"),
        ("export", "calibration", "platt"),
        ("export", "false_alarm", 0),
        ("export", "false_alarm", 0.51),
        ("export", "false_alarm", "5 %"),
        ("evaluate", "bootstrap", 10),
    ],
)
def test_values_out_of_their_bounds_are_refused(block: str, key: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        TextClassificationModel.model_validate(SMALLEST | {block: {key: value}})
    assert refused.value.errors()[0]["loc"][:2] == (block, key)


@pytest.mark.parametrize("labels", [["one"], [], ["a", "a"], ["1", 1], "ab"])
def test_labels_are_two_classes_or_more_each_once(labels: object) -> None:
    with pytest.raises(ValidationError) as refused:
        TextClassificationModel.model_validate(SMALLEST | {"labels": labels})
    assert refused.value.errors()[0]["loc"] == ("labels",)


def test_labels_that_yaml_reads_as_numbers_are_text() -> None:
    assert TextClassificationModel.model_validate(SMALLEST | {"labels": [0, 1]}).labels == (
        "0",
        "1",
    )


def test_settings_never_change() -> None:
    model = TextClassificationModel.model_validate(SMALLEST)
    with pytest.raises(ValidationError, match="frozen"):
        model.train.epochs = 3  # type: ignore[misc]
