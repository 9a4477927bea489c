from __future__ import annotations

import sys
import unicodedata

import pandas as pd
import pytest

from assay.tasks.text_classification import cleaning


def table(*rows: tuple[str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["text", "label"])


def rows_of(kind: str, *rows: tuple[str | None, str | None]) -> list[int]:
    found = cleaning.dirt(table(*rows))[kind]
    return found[found].index.tolist()


def test_texts_are_compared_without_case_width_and_spacing() -> None:
    assert cleaning.normalise("  Ｆｕｌｌ\u3000Width\n\tSTRASSE ") == "full width strasse"


def test_broken_means_replacement_and_control_characters_but_not_spacing() -> None:
    letters = [chr(point) for point in range(sys.maxunicode + 1)]
    control = {letter for letter in letters if unicodedata.category(letter) == "Cc"}
    broken = {letter for letter in letters if cleaning.is_broken(letter)}
    assert broken == (control - set("\t\n\r")) | {"\ufffd"}


def test_no_text_and_only_space_are_blank() -> None:
    assert rows_of("blank", (None, "a"), ("", "a"), (" \n\u3000", "b"), ("x y", "b")) == [0, 1, 2]


def test_one_character_is_counted_after_normalisation() -> None:
    assert rows_of("one_character", (" ! ", "a"), ("ﬁ", "a"), ("ok", "a"), ("", "a")) == [0]


def test_a_duplicate_is_a_later_row_of_the_same_normalised_text() -> None:
    assert rows_of("duplicate", ("Hi you", "a"), ("hi  YOU", "a"), ("hi", "a"), ("HI", "a")) == [
        1,
        3,
    ]


def test_blank_rows_are_no_duplicates_of_each_other() -> None:
    assert rows_of("duplicate", ("", "a"), (" ", "b"), (None, "a")) == []
    assert rows_of("conflict", ("", "a"), (" ", "b"), (None, "a")) == []


def test_all_rows_of_a_text_with_two_labels_conflict() -> None:
    assert rows_of("conflict", ("same", "a"), ("other", "a"), ("Same", "b")) == [0, 2]


def test_a_missing_label_conflicts_with_nothing() -> None:
    assert rows_of("conflict", ("same", "a"), ("same", None)) == []


@pytest.mark.parametrize("labels", [["a", "a", "b"], [None, None, None]])
def test_the_answer_is_boolean_and_keeps_the_index(labels: list[str | None]) -> None:
    rows = pd.DataFrame({"text": ["x y", "", "x y"], "label": labels}, index=[7, 3, 5])
    found = cleaning.dirt(rows)
    assert found.index.tolist() == [7, 3, 5]
    assert set(found.dtypes) == {pd.Series([True]).dtype}


def test_an_empty_table_has_no_dirt() -> None:
    found = cleaning.dirt(table(("x", "y")).iloc[:0])
    assert found.empty
    assert cleaning.droppable(found).empty


def test_every_kind_of_dirt_is_droppable() -> None:
    rows = table(
        ("", "a"),
        ("!", "a"),
        ("caf\ufffd", "a"),
        ("fine", "a"),
        ("fine", "a"),
        ("two", "a"),
        ("two", "b"),
    )
    assert cleaning.droppable(cleaning.dirt(rows)).tolist() == [True] * 3 + [False] + [True] * 3
