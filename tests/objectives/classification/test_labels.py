from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.errors import DataRefused
from assay.objectives.classification.labels import known_labels, numbers, proposed_classes

CURE = "bring rows of a second class"


def test_numbers_are_the_places_of_the_names() -> None:
    found = numbers(["good", "bad", "good"], ("bad", "good"))
    assert found.tolist() == [1, 0, 1]
    assert found.dtype == np.int64
    assert numbers([], ("bad", "good")).shape == (0,)


def test_a_label_without_a_number_is_named() -> None:
    with pytest.raises(KeyError, match="maybe"):
        numbers(["good", "maybe"], ("bad", "good"))


def test_labels_of_a_test_split_are_returned_as_text() -> None:
    table = pd.DataFrame({"label": [0, 1, 0]})
    assert known_labels(table, ("0", "1", "2")) == ["0", "1", "0"]


def test_labels_that_the_bundle_does_not_know_are_named_and_known_ones_are_listed() -> None:
    table = pd.DataFrame({"label": ["so-so", "good", "odd", "odd"]})
    with pytest.raises(DataRefused, match=r"doesn't know: odd, so-so\n") as refused:
        known_labels(table, ("bad", "good"))
    assert refused.value.expected == "one of bad, good"
    assert "assay run" in refused.value.cure


def test_a_test_split_without_a_row_is_refused() -> None:
    with pytest.raises(DataRefused, match="holds no row"):
        known_labels(pd.DataFrame({"label": []}), ("bad", "good"))


def test_a_refusal_names_the_split() -> None:
    with pytest.raises(DataRefused, match="validation split holds labels") as refused:
        known_labels(pd.DataFrame({"label": ["odd"]}), ("bad", "good"), "validation")
    assert "odd" in str(refused.value)
    with pytest.raises(DataRefused, match="validation split holds no row") as refused:
        known_labels(pd.DataFrame({"label": []}), ("bad", "good"), "validation")
    assert "split.validation" in refused.value.cure


def propose(counts: dict[str, int], fewest: int = 1) -> tuple[str, ...]:
    return proposed_classes(counts, "the column 'topic'", noun="text", cure=CURE, fewest=fewest)


def test_classes_are_proposed_in_order() -> None:
    assert propose({"b": 12, "a": 10, "c": 11}, fewest=10) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("counts", "found"),
    [({}, "no text with a label"), ({"only": 20}, "one class only: 'only'")],
)
def test_fewer_than_two_classes_are_refused(counts: dict[str, int], found: str) -> None:
    with pytest.raises(DataRefused, match=r"the column 'topic' holds") as refused:
        propose(counts)
    assert found in refused.value.found
    assert refused.value.cure == CURE


def test_labels_that_hardly_recur_are_free_text_or_an_id() -> None:
    recurring = {f"class {number}": 2 for number in range(50)}
    assert len(propose(recurring)) == 50
    with pytest.raises(DataRefused, match=r"51 different labels in 101 texts") as refused:
        propose(recurring | {"once": 1})
    assert "--label" in refused.value.cure


def test_two_rows_of_two_classes_are_no_free_text() -> None:
    assert propose({"a": 1, "b": 1}) == ("a", "b")


def test_classes_of_too_few_rows_are_counted_and_a_few_are_named() -> None:
    counts = {"large": 90} | {f"small {number}": 2 + number % 2 for number in range(7)}
    with pytest.raises(DataRefused, match="7 classes have too few texts") as refused:
        propose(counts, fewest=4)
    assert "'small 0' (2), 'small 1' (3)" in refused.value.found
    assert refused.value.found.endswith("'small 4' (2) ...")
    assert refused.value.expected == "4 texts or more of each class"
    assert len(propose(counts, fewest=2)) == 8
