from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assay.errors import SettingsError
from assay.gateways.expectations import load
from assay.tasks.registry import TASKS
from tests.gateways.expectations.made import check, suite

if TYPE_CHECKING:
    from assay.tasks.task import Task

SUITES = Path(__file__).parents[3] / "expectations"


def refusal(tmp_path: Path, content: str) -> SettingsError:
    path = tmp_path / "suite.yaml"
    path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        load(path, {"labels": ["a"], "min_rows": 3})
    return caught.value


def test_a_name_is_replaced_wherever_it_stands(tmp_path: Path) -> None:
    loaded = suite(
        tmp_path,
        "type: expect_column_quantile_values_to_be_between, kwargs: {column: n, "
        "quantile_ranges: {quantiles: [0.5], value_ranges: [[1, $top]]}}",
        "type: expect_column_values_to_be_in_set, kwargs: {column: label, value_set: $labels}",
        "type: expect_column_values_to_be_in_set, kwargs: {column: label, value_set: [$$top]}",
        top=7,
        labels=["a", "b"],
    )
    quantile, by_name, literal = (one.kwargs for one in loaded.expectations)
    assert quantile["quantile_ranges"]["value_ranges"] == [[1, 7]]
    assert by_name["value_set"] == ["a", "b"]
    assert literal["value_set"] == ["$top"]


@pytest.mark.parametrize(
    ("entry", "found", "cure"),
    [
        (
            "type: expect_table_row_count_to_be_betwen, kwargs: {}",
            "unknown expectation `expect_table_row_count_to_be_betwen`",
            "`expect_table_row_count_to_be_between`",
        ),
        ("type: unexpected_rows_expectation", "unknown expectation", "expect_"),
        (
            "type: expect_table_row_count_to_be_between, kwargs: {min_valeu: 3}",
            "takes no argument `min_valeu`",
            "`min_value`",
        ),
        (
            "type: expect_table_row_count_to_be_between, kwargs: {meta: {}}",
            "takes no argument `meta`",
            "",
        ),
        (
            "type: expect_table_row_count_to_be_between, kwargs: {min_value: $min_row}",
            "unknown name `$min_row`",
            "`$min_rows`",
        ),
        (
            "type: expect_column_mean_to_be_between, kwargs: {column: x, max_value: much}",
            "`max_value` of expect_column_mean_to_be_between is much",
            "correct `max_value`",
        ),
        (
            "type: expect_column_mean_to_be_between, kwargs: {max_value: 1}",
            "`column` of expect_column_mean_to_be_between is not given",
            "correct `column`",
        ),
        ("type: expect_column_to_exist, kwargs: [text]", "`kwargs` is ['text']", "{column: text}"),
        ("type: expect_column_to_exist, kwarg: {column: x}", "unknown key `kwarg`", "`kwargs`"),
    ],
)
def test_a_slip_in_the_suite_is_named_with_the_nearest_valid_word(
    tmp_path: Path, entry: str, found: str, cure: str
) -> None:
    problem = refusal(tmp_path, f"- {{{entry}, because: A., next: B.}}")
    assert "entry 1" in problem.found
    assert found in problem.found
    assert cure in problem.cure


@pytest.mark.parametrize("content", ["", "[]", "type: x", "text"])
def test_a_suite_that_expects_nothing_is_refused(tmp_path: Path, content: str) -> None:
    assert "no list of expectations" in refusal(tmp_path, content).found


@pytest.mark.parametrize(
    ("entry", "missing"),
    [
        ("- text", "`type` and no `because` and no `next`"),
        ("- {type: expect_column_to_exist, because: '', next: B.}", "no `because`"),
        ("- {type: expect_column_to_exist, because: A.}", "no `next`"),
    ],
)
def test_every_entry_says_why_and_what_next(tmp_path: Path, entry: str, missing: str) -> None:
    assert missing in refusal(tmp_path, entry).found


def test_a_broken_line_of_yaml_is_named(tmp_path: Path) -> None:
    assert "line 2" in refusal(tmp_path, "- type: x\n  kwargs: {column: [}").found


def test_a_missing_suite_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no .*absent\.yaml"):
        load(tmp_path / "absent.yaml", {})


@pytest.mark.parametrize("key", ["kwargs: {column: labl}", "kwargs: {column: label}, show: labl"])
def test_a_misspelt_column_is_a_fault_of_the_suite(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check(tmp_path, {"label": ["a"]}, f"type: expect_column_values_to_not_be_null, {key}")
    assert caught.value.found.endswith("entry 1: the data has no column `labl`")
    assert "`label`" in caught.value.cure


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_suite_that_comes_with_assay_loads(task: Task[Any]) -> None:
    bounds = task.settings.model_fields["validation"].default
    values = {"labels": ["a", "b"], **bounds.model_dump()}
    assert len(load(SUITES / f"{task.folder}.yaml", values).expectations) >= 5


def test_every_suite_is_that_of_a_task() -> None:
    found = {path.stem for path in SUITES.glob("*.yaml")}
    suites = {name for name in found if not name.endswith(".behaviour")}
    assert suites == {task.folder for task in TASKS}
