from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from assay.errors import SettingsError, UnknownModel
from assay.settings import reading
from assay.settings.classification import ClassificationModel
from assay.tasks.registry import KINDS

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "models:\n  reviews:\n    data: text\n    task: classification\n"
GOOD = HEAD + "    labels: [bad, good]\n"


def _refused(folder: Path, content: str | bytes) -> SettingsError:
    path = folder / "params.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError) as refused:
        reading.load(path, KINDS)
    assert refused.value.exit_code == 2
    assert refused.value.cure
    assert refused.value.expected
    return refused.value


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(GOOD + "    train: {learning_rate: 1e-4, epochs: 3}\n")
    model = reading.load_model(path, "reviews", KINDS)
    assert isinstance(model, ClassificationModel)
    assert model.labels == ("bad", "good")
    assert model.train.learning_rate == 1e-4
    assert model.train.epochs == 3


@pytest.mark.parametrize(
    ("line", "where", "nearest"),
    [
        ("    train: {epoch: 3}\n", "models.reviews.train.epoch", "epochs"),
        ("    train: {lerning_rate: 0.1}\n", "models.reviews.train.lerning_rate", "learning_rate"),
        ("    validate: {min_row: 3}\n", "models.reviews.validate.min_row", "min_rows"),
        ("    validation: {}\n", "models.reviews.validation", "validate"),
        ("    label: [a, b]\n", "models.reviews.label", "labels"),
        ("modles: {}\n", "modles", "models"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_valid_one(
    tmp_path: Path, line: str, where: str, nearest: str
) -> None:
    problem = _refused(tmp_path, GOOD + line)
    assert f"unknown key `{where}`" in problem.found
    assert f"`{nearest}`" in problem.cure
    assert nearest in problem.expected.removeprefix("one of ").split(", ")


def test_a_key_like_no_other_lists_the_valid_ones(tmp_path: Path) -> None:
    problem = _refused(tmp_path, GOOD + "    split: {xyzzy: 1}\n")
    assert problem.expected == "one of near_duplicate, seed, test, validation"
    assert "remove it" in problem.cure


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "it is empty, or no mapping"),
        ("- models\n", "it is empty, or no mapping"),
        ("models: [unclosed\n", "line 2"),
        ("models:\n  a: 1\n  a: 2\n", "duplicate key"),
        (b"models: \xff\n", "not readable"),
        ("models:\n\treviews: 1\n", "\\t"),
        ("models: !!python/object/apply:os.system [echo]\n", "not readable"),
    ],
)
def test_what_is_no_yaml_is_said(tmp_path: Path, content: str | bytes, found: str) -> None:
    problem = _refused(tmp_path, content)
    assert "params.yaml" in problem.found
    assert found in problem.found
    assert "git checkout" in problem.cure


def test_a_missing_key_is_called_missing(tmp_path: Path) -> None:
    assert "`models.reviews.labels` is missing" in _refused(tmp_path, HEAD).found


def test_a_wrong_value_is_shown_with_what_was_expected(tmp_path: Path) -> None:
    problem = _refused(tmp_path, GOOD + "    train: {epochs: none}\n")
    assert "`models.reviews.train.epochs` is 'none'" in problem.found
    assert "integer" in problem.expected
    problem = _refused(tmp_path, HEAD + "    labels: [a, a]\n")
    assert problem.found.endswith("`models.reviews.labels` is ['a', 'a']")
    assert problem.expected == "at least two classes, each named once"


@pytest.mark.parametrize(
    ("old", "new", "key", "found", "expected"),
    [
        ("data: text", "data: sound", "data", "'sound'", "'text', 'image'"),
        ("    data: text\n", "", "data", "missing", "'text', 'image'"),
        ("task: classification", "task: translation", "task", "'translation'", "'classification'"),
        ("    task: classification\n", "", "task", "missing", "'classification'"),
    ],
)
def test_data_and_task_name_a_kind_of_model_that_there_is(
    tmp_path: Path, old: str, new: str, key: str, found: str, expected: str
) -> None:
    problem = _refused(tmp_path, GOOD.replace(old, new))
    assert problem.found.endswith(f"`models.reviews.{key}` is {found}")
    assert problem.expected.startswith(f"one of {expected}")


def test_a_pair_that_no_task_has_is_refused_though_both_are_known(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(GOOD.replace("data: text", "data: image"))
    kinds = {"text-classification": ClassificationModel, "image-detection": ClassificationModel}
    with pytest.raises(SettingsError) as refused:
        reading.load(path, kinds)
    assert "`models.reviews.task` is 'classification' where data is 'image'" in refused.value.found
    assert refused.value.expected == "one of text-classification, image-detection"


@pytest.mark.parametrize("block", ["3", "[a]", "null"])
def test_a_block_that_is_no_mapping_is_refused(tmp_path: Path, block: str) -> None:
    problem = _refused(tmp_path, f"models:\n  reviews: {block}\n")
    assert "`models.reviews` is" in problem.found


@pytest.mark.parametrize(
    "name", ["a b", "x;rm", "Großes", "", "-a", "1a", "a/b", "a" * 64, "a\n", "1"]
)
def test_a_models_name_is_safe_in_a_shell_and_in_a_path(tmp_path: Path, name: str) -> None:
    problem = _refused(tmp_path, GOOD.replace("reviews:", f"{json.dumps(name)}:"))
    assert f"{name!r} cannot be a model's name" in problem.found


def test_a_name_that_yaml_reads_as_something_else_is_refused(tmp_path: Path) -> None:
    assert "12 cannot be a model's name" in _refused(tmp_path, GOOD.replace("reviews", "12")).found


def test_names_are_read_whatever_stands_in_the_blocks(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("models:\n  one: 3\n  two: {xyzzy: 1}\n")
    assert reading.names(path) == ["one", "two"]
    reading.require_model(path, "two")
    with pytest.raises(UnknownModel, match="no model 'three'"):
        reading.require_model(path, "three")


def test_an_unknown_model_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(GOOD + GOOD.removeprefix("models:\n").replace("reviews", "tickets"))
    with pytest.raises(UnknownModel) as refused:
        reading.load_model(path, "review", KINDS)
    assert "no model 'review'; did you mean 'reviews'?" in refused.value.found
    assert refused.value.expected == "one of reviews, tickets"
    assert "assay new review " in refused.value.cure


@pytest.mark.parametrize(
    ("block", "texts"),
    [("", None), ("tracking: {}\n", None), ("tracking: {texts: none}\n", "none")]
    + [(f"tracking: {{texts: {value}}}\n", value) for value in ("masked", "all")],
)
def test_what_tracking_gets_is_read_beside_the_models(
    tmp_path: Path, block: str, texts: str | None
) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(block + GOOD)
    assert reading.load_tracking(path).texts == texts
    assert list(reading.load(path, KINDS)) == ["reviews"]


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ("tracking: {texts: some}\n", "`tracking.texts` is 'some'"),
        ("tracking: {text: all}\n", "unknown key `tracking.text`"),
        ("tracking: all\n", "`tracking` is 'all'"),
        ("trackin: {texts: all}\n", "unknown key `trackin`"),
    ],
)
def test_a_wrong_tracking_block_is_refused_with_every_model(
    tmp_path: Path, block: str, found: str
) -> None:
    assert found in _refused(tmp_path, block + GOOD).found


TEACHER = "    train: {{teacher: {{model: {}}}}}\n"


@pytest.mark.parametrize(
    ("name", "found"),
    [("reviews", "itself"), ("large", "'large', which is no model of this file")],
)
def test_a_model_learns_from_another_one_of_the_file(tmp_path: Path, name: str, found: str) -> None:
    tickets = GOOD.removeprefix("models:\n").replace("reviews", "tickets")
    problem = _refused(tmp_path, GOOD + TEACHER.format(name) + tickets)
    assert problem.found.endswith(f"params.yaml: reviews learns from {found}")
    assert problem.expected == "another model: tickets"
    path = tmp_path / "params.yaml"
    path.write_text(GOOD + TEACHER.format("tickets") + tickets)
    assert reading.load_model(path, "reviews", KINDS).learns_from == ("tickets",)


def test_a_misspelt_key_of_a_block_within_a_block_is_named(tmp_path: Path) -> None:
    problem = _refused(tmp_path, GOOD + "    train: {teacher: {modle: tickets}}\n")
    assert "unknown key `models.reviews.train.teacher.modle`" in problem.found
    assert problem.expected == "one of digest, model, temperature, weight"
    assert "`model`" in problem.cure


def test_one_block_is_read_whatever_the_others_hold(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(GOOD + "  tickets: {data: image, task: classification}\n  other: 3\n")
    kinds = {"text-classification": KINDS["text-classification"]}
    assert reading.load_block(path, "reviews", kinds) == reading.load_model(
        _alone(tmp_path), "reviews", KINDS
    )
    with pytest.raises(SettingsError, match=r"`models\.tickets\.data` is 'image'"):
        reading.load_block(path, "tickets", kinds)
    with pytest.raises(UnknownModel, match="no model 'ticket'"):
        reading.load_block(path, "ticket", kinds)


def _alone(folder: Path) -> Path:
    path = folder / "alone.yaml"
    path.write_text(GOOD)
    return path
