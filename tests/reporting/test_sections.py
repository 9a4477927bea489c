from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from assay.records import SplitPart, SplitReport
from assay.reporting import sections
from tests.reporting.made import PARITY

if TYPE_CHECKING:
    from pathlib import Path


def split(**changes: object) -> SplitReport:
    labels = {"a": 300, "b": 100}
    parts = {name: SplitPart(rows=400, labels=labels) for name in ("train", "validation", "test")}
    content = {
        "rows": 1300,
        "kept": 1200,
        "dropped": {"duplicate": 90, "blank": 0, "any_kind": 100, "between_two_splits": 10},
        "splits": parts,
        "leaks": {"exact": 0, "near": 1},
    }
    return SplitReport.model_validate(content | changes)


def test_the_training_is_drawn_where_the_page_shows_it(tmp_path: Path) -> None:
    found = sections.training("toy", pd.DataFrame({"step": [1, 2], "loss": [1.0, 0.5]}))
    assert (found.name, found.title) == ("training", "Training")
    assert found.draw
    found.draw(tmp_path / "training.png")
    assert (tmp_path / "training.png").stat().st_size > 1000


def test_what_is_served_is_told_in_full() -> None:
    words = sections.served(PARITY, {"weights": "ab" * 32, "splits": "cd" * 32}).words
    assert "run by onnxruntime in int8;" in words
    assert "| fp32.score | 0.75 |" in words
    assert "| neighbours_max_abs_diff | 1e-06 |" in words
    assert "| reason | int8 costs &#124;0.001&#124; |" in words
    assert words.index("SHA-256: splits") < words.index("SHA-256: weights")
    assert f"| SHA-256: weights | {'ab' * 32} |" in words


def test_data_is_told_by_split_and_class() -> None:
    words = sections.data(split(), ("a", "b", "c")).words
    assert words.startswith("| class | train | validation | test |\n| --- | ---: | ---: | ---: |\n")
    assert "| a | 300 | 300 | 300 |" in words
    assert "| c | 0 | 0 | 0 |" in words
    assert "| **all** | **400** | **400** | **400** |" in words
    assert "1,300 rows came in, 100 of them were left out" in words
    assert "(duplicate 90, between two splits 10;" in words
    assert "on two sides of the split: 0 exact, 1 near." in words


def test_data_without_classes_or_defects_is_told_too() -> None:
    words = sections.data(split(dropped={"duplicate": 0}, kept=1300, leaks={})).words
    assert words.count("\n|") == 2
    assert "0 of them were left out. " in words
    assert words.endswith("on two sides of the split: none.")


def test_many_classes_are_folded_away() -> None:
    words = sections.data(split(), [f"class {number}" for number in range(77)]).words
    assert "<details><summary>rows of each class</summary>" in words
    assert words.count("| class 76 |") == 1
