from __future__ import annotations

import pandas as pd
import pytest

from assay.errors import DataRefused
from assay.objectives.classification.label_rules import LabelRules
from assay.records import KeptRows

RULES = LabelRules(("a", "b"))


def labels(*names: str | None) -> pd.DataFrame:
    return pd.DataFrame({"label": pd.Series(list(names), dtype=object)})


def conflicts(
    rows: pd.DataFrame, keys: list[str | None], exempt: list[bool] | None = None
) -> list[bool]:
    found = RULES.defects(
        rows,
        pd.Series(keys, index=rows.index, dtype=object),
        pd.Series([False] * len(rows) if exempt is None else exempt, index=rows.index),
    )
    assert list(found) == list(RULES.meanings) == ["conflict"]
    assert found.index.equals(rows.index)
    assert found["conflict"].dtype == bool
    answer: list[bool] = found["conflict"].tolist()
    return answer


def test_it_asks_for_the_label_column_alone() -> None:
    assert RULES.columns == ("label",)


def test_all_rows_of_a_content_with_two_labels_conflict() -> None:
    rows = labels("a", "a", "b", "b")
    assert conflicts(rows, ["same", "other", "same", "third"]) == [True, False, True, False]


def test_a_missing_label_conflicts_with_nothing() -> None:
    assert conflicts(labels("a", None), ["same", "same"]) == [False, False]
    assert conflicts(labels(None, None), ["same", "same"]) == [False, False]


def test_rows_without_content_do_not_conflict() -> None:
    assert conflicts(labels("a", "b"), [None, None]) == [False, False]


def test_an_exempt_row_stays_what_it_is() -> None:
    rows = labels("a", "b", "b")
    assert conflicts(rows, ["same"] * 3, [False, True, False]) == [True, False, True]


def test_the_index_of_the_rows_stays() -> None:
    rows = labels("a", "a", "b").set_axis([7, 3, 5])
    assert conflicts(rows, ["x", "y", "x"]) == [True, False, True]


def test_an_empty_table_has_no_conflict() -> None:
    assert conflicts(labels("a").iloc[:0], []) == []


def test_a_class_has_the_rows_that_are_left_of_it_and_its_share_of_all_labelled() -> None:
    rows = labels("a", "a", "a", "b", None)
    found = RULES.measured(rows, pd.Series([False, True, False, True, False]))
    assert found["class_rows"].tolist()[:4] == [2, 2, 2, 0]
    assert found["class_share"].tolist()[:4] == [0.75, 0.75, 0.75, 0.25]
    assert found.loc[4].isna().all()


def test_classes_are_counted_with_what_is_kept_of_them() -> None:
    rows = labels("a", "a", None, "odd")
    found = RULES.classes(rows, pd.Series([False, True, False, False]))
    assert found == {
        "a": KeptRows(rows=2, kept=1),
        "b": KeptRows(rows=0, kept=0),
        "odd": KeptRows(rows=1, kept=1),
    }


def test_of_unknown_labels_a_few_are_named_shortened_and_the_others_counted() -> None:
    rows = labels(*(f"a letter to {n}, " + "private " * 20 for n in range(9)))
    found = RULES.classes(rows, pd.Series([False] * 8 + [True]))
    names = list(found)
    assert names[:2] == ["a", "b"]
    assert [name[:13] for name in names[2:-1]] == [f"a letter to {n}" for n in range(5)]
    assert max(map(len, names)) == 80
    assert found["(4 other labels)"] == KeptRows(rows=4, kept=3)


def test_a_class_without_a_row_to_learn_from_is_refused() -> None:
    place = pd.Series(["train", "test", "validation"])
    with pytest.raises(DataRefused, match=r"no image to learn from is left for b\n") as refused:
        RULES.require(labels("a", "b", "a"), place, "image")
    assert "`labels`" in refused.value.cure
    RULES.require(labels("a", "b", "a"), pd.Series(["train"] * 3), "image")


def test_a_split_is_counted_by_label() -> None:
    assert RULES.counts(labels("b", "a", "b")) == {"a": 1, "b": 2}
    assert RULES.counts(labels()) == {}


def test_labels_that_look_the_same_when_masked_are_counted_together() -> None:
    rows = labels("a", "anna@example.org", "bert@example.org", "bert@example.org")
    found = RULES.classes(rows, pd.Series([False, False, False, True]))
    assert found["[e-mail]"] == KeptRows(rows=3, kept=2)
