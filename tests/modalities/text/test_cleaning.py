from __future__ import annotations

import sys
import unicodedata
from typing import Any

import pandas as pd
import pytest

from assay.modalities.text import cleaning


def column(*texts: str | None) -> pd.Series[Any]:
    return pd.Series(list(texts), dtype=object)


def defects(texts: pd.Series[Any], *given_test: int) -> pd.DataFrame:
    return cleaning.defects(texts, pd.Series(texts.index.isin(given_test), index=texts.index))


def rows_of(kind: str, *texts: str | None) -> list[int]:
    found = defects(column(*texts))[kind]
    return found[found].index.tolist()


def test_texts_are_compared_without_case_width_and_spacing() -> None:
    assert cleaning.normalise("  Ｆｕｌｌ\u3000Width\n\tSTRASSE ") == "full width strasse"


def test_broken_means_replacement_and_control_characters_but_not_spacing() -> None:
    letters = [chr(point) for point in range(sys.maxunicode + 1)]
    control = {letter for letter in letters if unicodedata.category(letter) == "Cc"}
    broken = {letter for letter in letters if cleaning.is_broken(letter)}
    assert broken == (control - set("\t\n\r")) | {"\ufffd"}


def test_no_text_and_only_space_are_blank() -> None:
    assert rows_of("blank", None, "", " \n\u3000", "x y") == [0, 1, 2]


def test_one_character_is_counted_after_normalisation() -> None:
    assert rows_of("one_character", " ! ", "ﬁ", "ok", "") == [0]


def test_a_duplicate_is_a_later_row_of_the_same_normalised_text() -> None:
    assert rows_of("duplicate", "Hi you", "hi  YOU", "hi", "HI") == [1, 3]


def test_blank_rows_are_no_duplicates_of_each_other() -> None:
    assert rows_of("duplicate", "", " ", None) == []


def test_equal_texts_have_one_key_and_blank_ones_have_none() -> None:
    found = cleaning.key(column("Same", "other", "  SAME ", "", " ", None))
    assert found.tolist()[:3] == ["same", "other", "same"]
    assert found.isna().tolist() == [False] * 3 + [True] * 3


@pytest.mark.parametrize("texts", [["x y", "", "x y"], [None, None, None]])
def test_the_answer_is_boolean_and_keeps_the_index(texts: list[str | None]) -> None:
    rows = column(*texts).set_axis([7, 3, 5])
    found = defects(rows)
    assert found.index.tolist() == [7, 3, 5]
    assert set(found.dtypes) == {pd.Series([True]).dtype}
    assert cleaning.key(rows).index.tolist() == [7, 3, 5]


def test_an_empty_column_has_no_defects() -> None:
    found = defects(column())
    assert found.empty
    assert list(found) == ["blank", "one_character", "broken", "in_the_test_split", "duplicate"]


def test_every_kind_of_defect_is_found_where_it_is() -> None:
    found = defects(column("", "!", "caf\ufffd", "fine", "fine", "two"))
    assert {kind: found.index[found[kind]].tolist() for kind in found} == {
        "blank": [0],
        "one_character": [1],
        "broken": [2],
        "in_the_test_split": [],
        "duplicate": [4],
    }


def test_a_given_test_split_keeps_its_duplicates_and_other_rows_lose_its_texts() -> None:
    texts = column("Fine", "other", "fine", "fine ", "FINE", "other", "", "")
    found = defects(texts, 2, 3, 6)
    assert found.index[found["in_the_test_split"]].tolist() == [0, 4]
    assert found.index[found["duplicate"]].tolist() == [5]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (pd.DataFrame({"text": ["a", "b"]}), [False, False]),
        (pd.DataFrame({"given": ["train", "test", None]}), [False, True, False]),
    ],
)
def test_the_given_test_split_is_told_by_the_column_given(
    table: pd.DataFrame, expected: list[bool]
) -> None:
    assert cleaning.is_test(table).tolist() == expected
