"""Check a table against a suite.

Reads a table in memory. Writes nothing and sends nothing. Of the table's own values only a few
short examples of broken expectations get out: they may be personal data.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from assay.excerpts import EXAMPLES, excerpt
from assay.gateways.expectations.suite import build, require_columns
from assay.records import Example, ExpectationReport, ValidationReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from assay.gateways.expectations.suite import Expectation, Suite
    from assay.records import DataSummary

ADDRESS = re.compile("0x[0-9a-f]{6,}")


@dataclass(frozen=True)
class ExpectationResult:
    """What became of one expectation.

    ``observed`` is what was measured. ``rows`` counts the rows that break the expectation, None
    where it is not about single rows. ``examples`` holds at most five distinct values, and only
    when the expectation is broken. ``problem`` says why it could not be checked.
    """

    expectation: Expectation
    success: bool
    observed: Any
    rows: int | None
    examples: tuple[Example, ...]
    problem: str | None
    # Great Expectations' own figures, which its page shows.
    figures: dict[str, Any]

    def report(self) -> ExpectationReport:
        """Return the result as it is written."""
        expectation = self.expectation
        return ExpectationReport(
            type=expectation.type,
            kwargs=expectation.kwargs,
            because=expectation.because,
            next=expectation.next,
            column=expectation.column,
            success=self.success,
            observed=self.observed,
            rows=self.rows,
            examples=self.examples,
            problem=self.problem,
        )


@dataclass(frozen=True)
class SuiteResult:
    """The results of one suite on one table, in the suite's order."""

    suite: Suite
    results: tuple[ExpectationResult, ...]

    @property
    def broken(self) -> list[ExpectationResult]:
        """The results that refuse the data."""
        return [result for result in self.results if not result.success]

    def report(self, summary: DataSummary) -> ValidationReport:
        """Return the results as they are written, with what was found in the data."""
        return ValidationReport(
            suite=self.suite.path,
            success=not self.broken,
            evaluated=len(self.results),
            broken=len(self.broken),
            expectations=tuple(result.report() for result in self.results),
            summary=summary,
        )


def check(table: pd.DataFrame, suite: Suite) -> SuiteResult:
    """Check a table (its index counting from 0) against a suite.

    Raises:
        SettingsError: the suite names a column that is neither there nor expected to be.

    """
    require_columns(suite, table.columns)
    results = [
        _result(table, expectation, answer)
        for expectation, answer in zip(suite.expectations, _validate(table, suite), strict=True)
    ]
    return SuiteResult(suite, tuple(results))


def _validate(table: pd.DataFrame, suite: Suite) -> list[Any]:
    """Return Great Expectations' results in the suite's order."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas("assay")
        .add_dataframe_asset("raw")
        .add_batch_definition_whole_dataframe("raw")
        .get_batch({"dataframe": table})
    )
    expectations = [build(one, position) for position, one in enumerate(suite.expectations)]
    answer = batch.validate(
        gx.ExpectationSuite(name=suite.path, expectations=expectations),
        # Complete, for the places of all rows: a report says how many, not "20 or more".
        result_format={"result_format": "COMPLETE"},
    )
    return sorted(answer.results, key=lambda one: int(one.expectation_config.meta["entry"]))


def _result(table: pd.DataFrame, expectation: Expectation, answer: Any) -> ExpectationResult:
    result = answer.result or {}
    rows: int | None = None
    examples: list[Example] = []
    problem = _problem(answer.exception_info)
    if not answer.success and problem is None:
        rows, examples = _evidence(table, expectation, result)
    return ExpectationResult(
        expectation=expectation,
        success=bool(answer.success),
        observed=_plain(result.get("observed_value")),
        rows=rows,
        examples=tuple(examples),
        problem=problem,
        figures={
            key: _plain(value)
            for key, value in result.items()
            # The rest holds the table's values, all of them.
            if key in ("observed_value", "element_count", "details")
            or key.startswith(("missing_", "unexpected_percent", "unexpected_count"))
        },
    )


def _problem(info: Mapping[str, Any]) -> str | None:
    """Return why an expectation could not be checked; its traceback stays behind."""
    reports = [info] if "raised_exception" in info else list(info.values())
    raised = [one["exception_message"] for one in reports if one["raised_exception"]]
    # An object's address differs from run to run.
    return excerpt(ADDRESS.sub("0x…", raised[0])) if raised else None


def _evidence(
    table: pd.DataFrame, expectation: Expectation, result: Mapping[str, Any]
) -> tuple[int | None, list[Example]]:
    """Return how many rows break an expectation, and examples of them.

    Great Expectations names rows only where it looks at single values. A share is the mean of a
    boolean column: its rows are those that are true. Of other figures the rows with the highest
    values are shown, if the suite says by which column.
    """
    rows = result.get("unexpected_count")
    shown = table.get(expectation.show or expectation.column)
    if shown is None:
        return rows, []
    if result.get("missing_count") and "partial_missing_list" in result:
        # Great Expectations' own list has the order of a set, which changes from run to run.
        present = set(table[expectation.column])
        absent = [value for value in expectation.kwargs["value_set"] if value not in present]
        return None, _examples(absent, rows=0)
    if "unexpected_index_list" in result:
        return rows, _examples(shown.loc[result["unexpected_index_list"]])
    measured = table[expectation.column or expectation.show]
    if measured.dtype == bool:
        return int(measured.sum()), _examples(shown[measured])
    if expectation.show and measured.dtype.kind in "if":
        highest = measured[measured > 0].sort_values(ascending=False, kind="stable")
        return None, _examples(shown.loc[highest.index])
    return None, _examples(shown)


def _examples(values: Iterable[object], rows: int | None = None) -> list[Example]:
    counts = Counter(excerpt(value) for value in values)
    return [
        Example(value=value, rows=count if rows is None else rows)
        for value, count in islice(counts.items(), EXAMPLES)
    ]


def _plain(value: Any) -> Any:
    """Return a figure of Great Expectations as JSON holds it; long lists and texts are cut."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        inner = [
            _plain(one) for one in (sorted(value, key=str) if isinstance(value, set) else value)
        ]
        return inner[:EXAMPLES] if any(isinstance(one, str | dict) for one in inner) else inner[:20]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else excerpt(value)
