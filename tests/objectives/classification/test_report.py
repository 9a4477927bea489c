from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.objectives.classification import comparison, report, slices
from assay.objectives.classification.report import WorstError
from tests.objectives.classification.made import certain, drawn

if TYPE_CHECKING:
    from assay.objectives.classification.comparison import Comparison
    from assay.objectives.classification.metrics import Predictions
    from assay.objectives.classification.slices import Slice

BASELINE = "TF-IDF and logistic regression"
ERROR = WorstError("7", "a text", "class 0", "class 1", 0.9871)


def both(skill: float, other: float, classes: int = 3) -> tuple[Predictions, Predictions]:
    return drawn(400, classes, skill, 1), drawn(400, classes, other, 2)


def compare(skill: float = 2.0, other: float = 1.0, classes: int = 3) -> Comparison:
    return comparison.compare(*both(skill, other, classes), resamples=200, seed=1)


def sliced() -> list[Slice]:
    shops = pd.Series(["east"] * 390 + ["west"] * 10)
    return slices.by_slice(*both(2.0, 1.0), {"shop": shops})


def tables(words: str) -> list[list[str]]:
    """Return the lines of every table."""
    found = re.findall(r"(?:^\|.*\n?)+", words, flags=re.MULTILINE)
    return [table.splitlines() for table in found]


def test_every_row_of_every_table_has_the_columns_of_its_head() -> None:
    hard = ("a", "b | c", "d\ne")
    model, baseline = drawn(400, 3, 2, 1, hard), drawn(400, 3, 1, 2, hard)
    compared = comparison.compare(model, baseline, resamples=100, seed=1)
    shops = pd.Series(["ea|st"] * 390 + ["we\nst"] * 10)
    found = [
        report.figures(compared, (), 100, scaled=True),
        report.classes(model),
        report.by_slice(slices.by_slice(model, baseline, {"sh|op": shops})),
        report.worst_errors([WorstError("1|2", "a | b\nc", *hard[1:], 0.5)] * 3, 3),
    ]
    for section in found:
        (lines,) = tables(section.words)
        assert len(lines) > 3
        assert {line.count("|") for line in lines} == {lines[0].count("|")}


@pytest.mark.parametrize(
    ("skill", "other", "words"),
    [
        (3.0, 1.0, "**Better than the baseline.**"),
        (1.0, 3.0, "**Worse than the baseline: do not ship it.**"),
        (1.5, 1.7, "**Not shown to be better than the baseline.**"),
    ],
)
def test_the_verdict_says_who_is_better_and_how_sure_that_is(
    skill: float, other: float, words: str
) -> None:
    compared = compare(skill, other)
    told = report.verdict(compared, BASELINE)
    low, high = compared.difference["accuracy"].interval
    assert told.startswith(words)
    assert BASELINE in told
    assert f"{low * 100:+.1f} to {high * 100:+.1f}" in told
    assert told in report.lead("text-classification", "int8", compared, 3, BASELINE)


def test_the_lead_says_what_is_served_and_how_good_it_is() -> None:
    compared = compare()
    told = report.lead("text-classification", "int8", compared, 3, BASELINE)
    assert told.startswith("This text-classification model of 3 classes is served as ONNX in int8.")
    accuracy = compared.model["accuracy"] or 0
    assert f"On 400 test rows that it never saw it is right in {accuracy * 100:.1f} %" in told


def test_the_figures_name_which_of_them_should_be_low() -> None:
    words = report.figures(compare(), (), 200, scaled=False).words
    assert re.findall(r"^\| (.*?) \(lower is better\) \|", words, flags=re.MULTILINE) == [
        "log loss", "expected calibration error",
    ]  # fmt: skip
    assert "200 bootstrap samples" in words


def test_small_slices_are_marked() -> None:
    words = report.by_slice(sliced()).words
    assert "| west (small) | 10 |" in words
    assert "| east | 390 |" in words
    assert "fewer than 50 rows" in words
    assert "fewer than 50 rows" not in report.by_slice(sliced()[:1]).words


def test_the_weakest_slice_that_is_not_small_is_named() -> None:
    assert "It is weakest where shop is east" in report.use(sliced(), ("a", "b")).words
    assert "weakest" not in report.use(sliced()[1:], ("a", "b")).words


def test_worst_errors_are_listed() -> None:
    words = report.worst_errors([ERROR], 12).words
    assert words.startswith("Of 12 wrong predictions, the 1 ")
    assert "| 7 | class 0 | class 1 | 0.987 | a text |" in words


def test_many_classes_are_folded_away() -> None:
    result = drawn(400, 77, 2, 1)
    page = report.classes(result).words
    assert "<details><summary>all 77 classes</summary>" in page
    assert page.count("| class 76 |") == 1
    assert "and 67 more" in report.use([], result.labels).words
    assert "<details>" not in report.classes(drawn(400, 20, 2, 1)).words


def test_a_perfect_model_has_no_worst_errors() -> None:
    assert "no wrong prediction" in report.worst_errors([], 0).words


def test_absent_classes_are_named() -> None:
    result = certain([0, 1, 0], [0, 1, 1], 4)
    compared = comparison.compare(result, result, resamples=100, seed=1)
    page = report.figures(compared, result.absent, 100, scaled=False).words
    assert "The test split has no row of c, d: averages leave them out" in page
    assert "nan" not in page
    assert "no row of" not in report.figures(compare(), (), 200, scaled=False).words


def test_the_figures_say_where_the_model_alone_is_scaled() -> None:
    said = "the probabilities of the baseline are not scaled"
    assert said in report.figures(compare(), (), 200, scaled=True).words
    assert said not in report.figures(compare(), (), 200, scaled=False).words
