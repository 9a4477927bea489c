from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from assay.objectives.generation import figures, report
from assay.objectives.generation.report import Sample
from tests.objectives.generation import made

if TYPE_CHECKING:
    from pathlib import Path

BASELINE = "3-grams"
TRAIN = ("the quick brown fox jumps over the lazy dog",)
SAMPLED = made.sampled(["fox jumps over", "qu 99"], ["over the lazy", "0"], TRAIN)
EVIL = "a | b\n![x](http://evil.example/p.png) <script>alert(1)</script> `c` *d* www.e.org"


def _compared(own: float, base: float, documents: int = 300) -> figures.Compared:
    return figures.compare(
        made.scores(own, documents), made.scores(base, documents, seed=2).losses, 200, 1
    )


def _lead(own: float, base: float, documents: int = 300) -> str:
    return report.lead("text-generation", "int8", _compared(own, base, documents), 300, BASELINE)


def test_every_row_of_every_table_has_the_columns_of_its_head() -> None:
    metrics = (*_compared(1.5, 2.0).metrics(), *SAMPLED.metrics())
    found = [
        report.figures(metrics, 200, ""),
        report.quality(SAMPLED),
        report.samples([Sample(EVIL, 0.5, EVIL)] * 3, 13),
    ]
    for section in found:
        (table,) = re.findall(r"(?:^\|.*\n?)+", section.words, flags=re.MULTILINE)
        lines = table.splitlines()
        assert len(lines) > 3
        assert {line.count("|") for line in lines} == {lines[0].count("|")}


@pytest.mark.parametrize(
    ("own", "base", "words"),
    [
        (1.5, 2.0, "**Better than the baseline.**"),
        (2.0, 1.5, "**Worse than the baseline: do not ship it.**"),
        (1.5, 1.501, "**Not shown to be better than the baseline**"),
    ],
)
def test_the_first_paragraph_says_whether_the_model_is_any_good(
    own: float, base: float, words: str
) -> None:
    found = _lead(own, base)
    assert words in found
    assert "served as ONNX in int8" in found
    compared = _compared(own, base)
    value, other = compared.model.bits_per_byte.value, compared.baseline.bits_per_byte.value
    assert value and other
    assert f"needs {value:.3f} bits per byte (" in found
    assert f"({BASELINE}) needs {other:.3f} bits per byte, {value / other - 1:+.1%}" in found
    assert f"minus the baseline is {value - other:+.3f} (" in found


def test_one_document_has_no_interval_and_shows_nothing() -> None:
    found = _lead(1.0, 9.0, 1)
    assert "Not shown to be better" in found
    assert " to " not in found.split("Not shown")[0].split("bits per byte")[1]


def test_the_direction_of_every_figure_is_told() -> None:
    metrics = _compared(1.5, 2.0).metrics()
    words = report.figures(metrics, 200, "7 characters are unknown.\n\n").words
    assert "bits per byte (lower is better)" in words
    assert "next token right (higher is better)" in words
    assert "7 characters are unknown." in words
    assert "200 bootstrap samples" in words


def test_passages_of_the_train_split_are_told_beside_what_is_usual(tmp_path: Path) -> None:
    section = report.memorisation("toy", SAMPLED, 0.25)
    assert section.table is not None
    assert section.table["of the texts"].tolist() == ["50%", "90%", "99%", "longest"]
    assert section.table["generated"].iloc[-1] == 14
    assert section.table["held_out"].iloc[-1] == 13
    assert section.table["generated"].iloc[0] == pytest.approx((14 + 2) / 2)
    assert "Of all runs of 10 characters in the test split, 25.0 % stand" in section.words
    assert "50.0 % of generated texts and 50.0 % of held-out ones" in section.words
    assert section.draw is not None
    section.draw(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert "Of all runs" not in report.memorisation("toy", SAMPLED, None).words


def test_generated_texts_stand_beside_held_out_ones() -> None:
    words = report.quality(made.sampled(["abab", " "], ["abcd", "efgh"], TRAIN)).words
    assert "| distinct 1 | 0.600 | 1.000 |" in words
    assert "| repeated 2 | 0.333 | 0.000 |" in words
    assert "| repeated 4 | 0.000 | 0.000 |" in words
    assert "| empty | 1 | 0 |" in words
    assert "| distinct 4 | undefined |" in report.quality(made.sampled(["a"], ["b"], TRAIN)).words


def test_nothing_that_was_generated_is_obeyed() -> None:
    words = report.samples([Sample(EVIL, 0.8, f"{EVIL} ann@example.org")], 13).words
    for obeyed in ("<script", "![", "](http", "://", "www.", "`c`", "*d*", "ann@example.org"):
        assert obeyed not in words
    assert "| 0.8 |" in words


def test_what_the_model_is_for_is_told() -> None:
    assert "It knows no facts" in report.use().words
