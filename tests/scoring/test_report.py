from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from assay.scoring import comparison, report, slices
from assay.scoring.report import Findings, WorstError
from assay.scoring.section import Section

from .made import certain, drawn


def findings(skill: float = 2.0, other: float = 1.0, classes: int = 3) -> Findings:
    model, baseline = drawn(400, classes, skill, 1), drawn(400, classes, other, 2)
    shops = pd.Series(["east"] * 390 + ["west"] * 10)
    counts = dict.fromkeys(model.labels, 10)
    return Findings(
        name="toy",
        task="text-classification",
        precision="int8",
        baseline_name="TF-IDF and logistic regression",
        resamples=200,
        model=model,
        comparison=comparison.compare(model, baseline, resamples=200, seed=1),
        slices=slices.by_slice(model, baseline, {"shop": shops}),
        sections=[],
        worst=[WorstError("7", "a text", "class 0", "class 1", 0.9871)],
        split={
            "rows": 1300,
            "kept": 1200,
            "dropped": {"duplicate": 90, "blank": 0, "any_kind": 100, "between_two_splits": 10},
            "splits": {
                name: {"rows": 400, "labels": counts} for name in ("train", "validation", "test")
            },
            "leaks": {"exact": 0, "near": 0},
        },
        parity={"reason": "int8 costs 0.001", "grid_max_abs_diff": 1e-6, "deep": {"a": True}},
        fingerprints={"weights": "ab" * 32},
    )


def tables(page: str) -> list[list[str]]:
    """Return the lines of every table."""
    found = re.findall(r"(?:^\|.*\n?)+", page, flags=re.MULTILINE)
    return [table.splitlines() for table in found]


def test_every_row_of_every_table_has_the_columns_of_its_head() -> None:
    found = replace(
        findings(), worst=[WorstError("1|2", "a | b\nc", "class 0", "class 1", 0.5)] * 3
    )
    for lines in tables(report.render(found)):
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
    found = findings(skill, other)
    told = report.verdict(found)
    low, high = found.comparison.difference["accuracy"].interval
    assert told.startswith(words)
    assert f"{low * 100:+.1f} to {high * 100:+.1f}" in told
    assert told in report.render(found)


def test_the_page_has_its_parts_and_repeats_itself() -> None:
    found = findings()
    page = report.render(found)
    assert page == report.render(found)
    assert re.findall(r"^## (.*)$", page, flags=re.MULTILINE) == [
        "Figures", "By class", "Slices", "Calibration", "Training", "What is served", "Data",
        "Use and limits", "Worst errors",
    ]  # fmt: skip
    assert "| deep.a | True |" in page
    assert "west (small)" in page
    assert "| 7 | class 0 | class 1 | 0.987 | a text |" in page
    assert "duplicate 90, between two splits 10;" in page


def test_many_classes_are_folded_away() -> None:
    page = report.render(findings(classes=77))
    assert "<details><summary>all 77 classes</summary>" in page
    assert "and 67 more" in page
    assert page.count("| class 76 |") == 2


def test_a_perfect_model_has_no_worst_errors() -> None:
    result = certain([0, 1, 0], [0, 1, 0], 2)
    found = replace(
        findings(),
        model=result,
        comparison=comparison.compare(result, result, resamples=100, seed=1),
        worst=[],
    )
    assert "no wrong prediction" in report.render(found)


def test_absent_classes_are_named() -> None:
    result = certain([0, 1, 0], [0, 1, 1], 4)
    compared = comparison.compare(result, result, resamples=100, seed=1)
    page = report.render(replace(findings(), model=result, comparison=compared))
    assert "The test split has no row of c, d: averages leave them out" in page
    assert np.isfinite([value for value in compared.model.values() if value is not None]).all()


def test_what_a_task_adds_stands_behind_the_slices() -> None:
    table = pd.DataFrame({"the_kind": ["<b>", "x|y"], "rows": [1200, 7], "accuracy": [0.5, 1 / 3]})
    found = replace(
        findings(),
        sections=[
            Section("looks", "How it looks", "Some words.", draw=lambda path: None),
            Section("kinds", "Kinds", "Other words.", table),
        ],
    )
    page = report.render(found)
    assert re.findall(r"^## (.*)$", page, flags=re.MULTILINE)[2:6] == [
        "Slices", "How it looks", "Kinds", "Calibration",
    ]  # fmt: skip
    assert "Some words.\n\n![How it looks](pictures/looks.png)" in page
    assert "| the kind | rows | accuracy |\n| --- | ---: | ---: |" in page
    assert "| &#60;b&#62; | 1,200 | 0.500 |\n| x&#124;y | 7 | 0.333 |" in page
