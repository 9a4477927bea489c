from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.gateways.expectations.made import check

if TYPE_CHECKING:
    from pathlib import Path


def test_all_breaking_rows_are_counted_and_five_distinct_ones_shown(tmp_path: Path) -> None:
    labels = [f"wrong {n % 300} " + "x" * 90 for n in range(600)] + ["right"]
    (result,) = check(
        tmp_path,
        {"label": labels},
        "type: expect_column_values_to_be_in_set, kwargs: {column: label, value_set: [right]}",
    ).results
    assert not result.success
    assert result.rows == 600
    assert [one.value[:8] for one in result.examples] == [f"wrong {n} " for n in range(5)]
    assert {(len(one.value), one.rows) for one in result.examples} == {(80, 2)}


def test_a_broken_share_shows_the_rows_that_make_it(tmp_path: Path) -> None:
    table = {"text": list("abcd"), "bad": [False, True, True, False], "odd": [0.0, 0.1, 0.0, 0.9]}
    share, figure = check(
        tmp_path,
        table,
        "type: expect_column_mean_to_be_between, kwargs: {column: bad, max_value: 0.1}, show: text",
        "type: expect_column_mean_to_be_between, kwargs: {column: odd, max_value: 0.1}, show: text",
    ).results
    assert (share.rows, [one.value for one in share.examples]) == (2, ["b", "c"])
    assert share.observed == 0.5
    assert (figure.rows, [one.value for one in figure.examples]) == (None, ["d", "b"])


def test_absent_values_are_shown_in_the_order_of_the_settings(tmp_path: Path) -> None:
    wanted = [f"label {n}" for n in range(40)]
    (result,) = check(
        tmp_path,
        {"label": ["label 1", "label 39"]},
        "type: expect_column_distinct_values_to_contain_set, "
        "kwargs: {column: label, value_set: $labels}",
        labels=wanted,
    ).results
    assert [one.value for one in result.examples] == [wanted[n] for n in (0, 2, 3, 4, 5)]


def test_what_holds_gives_away_no_values(tmp_path: Path) -> None:
    (result,) = check(
        tmp_path,
        {"label": ["secret", "right"]},
        "type: expect_column_values_to_be_in_set, "
        "kwargs: {column: label, value_set: [right], mostly: 0.5}",
    ).results
    assert result.success
    assert "secret" not in str(result)


def test_each_entry_gets_its_own_result(tmp_path: Path) -> None:
    entries = [
        f"type: expect_column_max_to_be_between, kwargs: {{column: {column}, max_value: {bound}}}"
        for column, bound in (("z", 0), ("absent", 9), ("a", 9), ("z", 9), ("m", 0))
    ]
    exists = "type: expect_column_to_exist, kwargs: {column: absent}"
    checked = check(tmp_path, {"a": [1], "m": [2], "z": [3]}, *entries, exists)
    assert [one.observed for one in checked.results] == [3, None, 1, 3, 2, None]
    assert [one.success for one in checked.results] == [False, False, True, True, False, False]


def test_a_missing_column_breaks_what_speaks_of_it_and_shows_no_traceback(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        {"body": ["x"]},
        "type: expect_column_to_exist, kwargs: {column: text}",
        "type: expect_column_values_to_not_be_null, kwargs: {column: text}",
    )
    exists, not_null = checked.results
    assert not exists.success
    assert not not_null.success
    assert not_null.problem == 'Error: The column "text" in BatchData does not exist.'
    assert "Traceback" not in str(checked)


@pytest.mark.parametrize(
    "values", [[1, 2], [b"a", b"b"], [0.5, None], ["a", 1]], ids=["int", "bytes", "float", "mixed"]
)
def test_what_is_no_text_does_not_pass_for_it(tmp_path: Path, values: list[Any]) -> None:
    entry = "type: expect_column_values_to_be_of_type, kwargs: {column: text, type_: str}"
    assert check(tmp_path, {"text": values}, entry).broken
    assert not check(tmp_path, {"text": ["a", None]}, entry).broken
