from __future__ import annotations

import numpy as np
import pytest

from assay.objectives.classification import baselines, metrics
from assay.objectives.classification.baselines import Baseline, Scored
from tests.objectives.classification.made import drawn

LABELS = ("a", "b", "c")
TRUTH = ["a", "b", "c", "a"]


def answers(letters: str) -> np.ndarray:
    """Return probabilities that are sure of each letter."""
    return np.eye(3)[[LABELS.index(letter) for letter in letters]]


def scored(name: str, validation: float, skill: float, seed: int = 5) -> Scored:
    return Scored(name, validation, drawn(400, 3, skill, seed))


def test_answers_are_divided_into_validation_and_test_rows() -> None:
    found = baselines.divided("guess", answers("abcab"), 2)
    assert found.name == "guess"
    np.testing.assert_array_equal(found.validation, answers("ab"))
    np.testing.assert_array_equal(found.test, answers("cab"))


def test_each_is_held_against_the_labels_of_both_splits() -> None:
    given = [
        Baseline("first", answers("abca"), answers("ab")),
        Baseline("second", answers("abaa"), answers("bb")),
    ]
    first, second = baselines.score(given, TRUTH, ["a", "b"], LABELS)
    assert (first.name, second.name) == ("first", "second")
    assert first.validation_macro_f1 == 1
    assert second.validation_macro_f1 == pytest.approx((0.8 + 1 + 0) / 3)
    assert second.test.correct.tolist() == [False, True]


def test_answers_that_fit_no_row_are_refused() -> None:
    with pytest.raises(ValueError, match="probabilities of shape"):
        baselines.score([Baseline("guess", answers("abca"), answers("a"))], TRUTH, TRUTH, LABELS)


def test_the_best_on_the_validation_split_is_chosen_whatever_the_test_split_says() -> None:
    found = [scored("first", 0.5, 3.0), scored("second", 0.6, 0.0), scored("third", 0.4, 2.0)]
    assert baselines.best(found).name == "second"


def test_of_equals_the_first_is_chosen() -> None:
    found = [scored("low", 0.4, 1.0), scored("simple", 0.6, 1.0), scored("complex", 0.6, 1.0)]
    assert baselines.best(found).name == "simple"


def test_without_a_baseline_there_is_no_best() -> None:
    with pytest.raises(ValueError, match="empty"):
        baselines.best([])


def test_every_one_that_beats_the_model_is_named() -> None:
    model = drawn(400, 3, 1.0, 1)
    weak, strong, stronger = (
        scored(name, 0.5, skill, seed)
        for name, skill, seed in (("weak", 0.0, 2), ("strong", 2.0, 3), ("stronger", 3.0, 4))
    )
    assert baselines.ahead(model, [weak]) == ""
    assert baselines.ahead(model, [weak, strong, stronger]) == (
        "On the test split the model is below strong (accuracy and macro F1) and below stronger "
        "(accuracy and macro F1)."
    )
    assert baselines.ahead(model, [Scored("twin", 0.5, model)]) == "", "as good is not better"


def test_one_figure_is_enough_to_be_named() -> None:
    def sure(letters: str) -> metrics.Predictions:
        return metrics.predictions(list("aaaaab"), answers(letters), LABELS)

    found = baselines.ahead(sure("aaaaaa"), [Scored("fair", 0.5, sure("aaabbb"))])
    assert found == "On the test split the model is below fair (macro F1)."


def test_the_section_has_a_row_for_the_model_and_each_baseline() -> None:
    model = drawn(400, 3, 1.0, 1)
    given = [scored("simple", 0.5, 0.5), scored("complex", 0.6, 3.0)]
    found = baselines.section(model, 0.7, given)
    assert (found.name, found.title) == ("baselines", "Baselines")
    assert found.table is not None
    assert list(found.table) == ["name", "validation_macro_f1", "test_accuracy", "test_macro_f1"]
    assert found.table["name"].tolist() == ["the model", "simple", "complex"]
    assert found.table["validation_macro_f1"].tolist() == [0.7, 0.5, 0.6]
    for place, result in enumerate([model, given[0].test, given[1].test]):
        figures = metrics.figures(result)
        row = found.table.iloc[place]
        assert row["test_accuracy"] == pytest.approx(figures["accuracy"])
        assert row["test_macro_f1"] == pytest.approx(figures["macro_f1"])
    assert "by macro F1 on the validation split, complex, is the baseline" in found.words
    assert "**On the test split the model is below complex (accuracy and macro F1).**" in (
        found.words
    )


def test_a_model_ahead_of_all_gets_no_warning() -> None:
    found = baselines.section(drawn(400, 3, 3.0, 1), 0.9, [scored("simple", 0.5, 0.5)])
    assert "below" not in found.words
