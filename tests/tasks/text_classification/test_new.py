from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from assay.errors import DataRefused, SettingsError, UsageError
from assay.tasks.text_classification import TEXT_CLASSIFICATION
from assay.tasks.text_classification.new import fitted
from assay.tasks.text_classification.settings import (
    TextClassificationModel,
    TextClassificationValidate,
    TextTrain,
)
from tests import made

FILE = Path("rows.csv")


def test_settings_fit_the_table() -> None:
    table = made.texts(90).rename(columns={"text": "review", "label": "mood"})
    table["mood"] = table["mood"].astype("object").where(table.index != 5, None)
    settings, notes = fitted(FILE, table, "review", "mood")
    assert settings.labels == made.LABELS
    assert settings.ingest.text == "review"
    assert settings.ingest.label == "mood"
    assert settings.ingest.source is None
    assert settings.validation == TextClassificationValidate()
    assert notes == []


def test_labels_are_text_whatever_the_file_made_of_them() -> None:
    table = made.texts(60).assign(label=[0, 1, 10] * 20)
    assert fitted(FILE, table, "text", "label")[0].labels == ("0", "1", "10")


@pytest.mark.parametrize(("rows", "epochs"), [(60, 20), (3000, 10), (10_000, 3), (400_000, 2)])
def test_small_sets_are_trained_for_more_epochs(rows: int, epochs: int) -> None:
    table = made.texts(60)
    table = table.iloc[[row % 60 for row in range(rows)]].reset_index(drop=True)
    assert fitted(FILE, table, "text", "label")[0].train.epochs == epochs


def test_a_few_words_that_the_checkpoint_does_not_know_move_no_bound() -> None:
    table = made.texts(60)
    # One token of eight in every third text: 4 % of each text's tokens in the mean.
    table["text"] += [" 汉" if row % 3 == 0 else "" for row in range(60)]
    settings, notes = fitted(FILE, table, "text", "label")
    assert settings.validation == TextClassificationValidate()
    assert notes == []


@pytest.mark.parametrize(
    ("text", "label", "found", "nearest"),
    [
        ("txt", "label", "no column 'txt'", "did you mean 'text'?"),
        ("text", "Label", "no column 'Label'", "did you mean 'label'?"),
        ("text", "???", "it has 'text', 'label'", "--text and --label"),
    ],
)
def test_a_missing_column_is_answered_with_the_nearest(
    text: str, label: str, found: str, nearest: str
) -> None:
    with pytest.raises(UsageError) as refused:
        fitted(FILE, made.texts(30), text, label)
    assert found in refused.value.found
    assert nearest in refused.value.cure


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (["good"], "holds one class only: 'good'"),
        ([None], "holds no row with a label"),
        (["good", None], "holds one class only: 'good'"),
        ([str(number) for number in range(60)], "holds 60 different labels in 60 rows"),
    ],
)
def test_a_column_that_names_no_classes_is_refused(labels: list[str | None], found: str) -> None:
    table = made.texts(60)
    table["label"] = pd.Series([labels[row % len(labels)] for row in range(60)], dtype="object")
    with pytest.raises(DataRefused) as refused:
        fitted(FILE, table, "text", "label")
    assert found in refused.value.found
    assert "--label" in refused.value.cure
    assert "ten rows" in refused.value.expected


def test_texts_that_are_all_missing_are_left_to_validation() -> None:
    table = made.texts(40).assign(text=None)
    assert fitted(FILE, table, "text", "label")[0].labels == made.LABELS


def test_the_starting_point_is_looked_at() -> None:
    smallest = {"data": "text", "task": "classification", "labels": ["a", "b"]}
    default = TextClassificationModel.model_validate(smallest)
    assert TEXT_CLASSIFICATION.starting_point(default) == TextTrain().checkpoint
    lost = TextClassificationModel.model_validate(smallest | {"train": {"checkpoint": "./nowhere"}})
    with pytest.raises(SettingsError, match=r"\./nowhere"):
        TEXT_CLASSIFICATION.starting_point(lost)
