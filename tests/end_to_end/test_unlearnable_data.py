"""Data that cannot be learned from are refused, each with its exit code and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.stages.__main__ import main
from tests import made
from tests.end_to_end.refusal import FILES, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _table(refusal: Refusal) -> str:
    """Return the words of the table that a broken suite shows, without its borders."""
    assert refusal.code == 3
    assert "the data breaks" in refusal.found
    assert "expectations/text_classification.yaml" in refusal.expected
    assert f"{FILES.data_docs}/index.html" in refusal.cure
    assert FILES.data_docs.joinpath("index.html").is_file(), "the page is there to be looked at"
    cells = [line.split("│")[1] for line in refusal.found.splitlines() if line.startswith("│")]
    return " ".join(" ".join(cells).split())


def test_one_class_only(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project(made.texts(90).assign(label="neutral"))
    words = _table(refused("ingest", "validate"))
    assert "With a single class there is nothing to tell apart." in words
    assert "Bring rows of at least one other class" in words


def _with_neutral(rows: int) -> pd.DataFrame:
    """Return a table whose class ``neutral`` has this many rows."""
    table = made.texts(120)
    neutral = table["label"] == "neutral"
    return pd.concat([table[~neutral], table[neutral].head(rows)])


def test_a_class_with_fewer_than_ten_rows(
    project: Callable[..., Path], refused: Callable[..., Refusal]
) -> None:
    project(_with_neutral(9))
    words = _table(refused("ingest", "validate"))
    assert "Each class needs enough distinct, usable texts" in words
    assert "Bring more rows of these classes, or merge them" in words


def test_ten_rows_of_a_class_are_enough(project: Callable[..., Path]) -> None:
    project(_with_neutral(10))
    assert [main(stage, made.MODEL) for stage in ("ingest", "validate")] == [0, 0]


def test_labels_that_are_all_distinct(
    project: Callable[..., Path], refused: Callable[..., Refusal]
) -> None:
    project(made.texts(90).assign(label=[f"row {row}" for row in range(90)]))
    words = _table(refused("ingest", "validate"))
    assert "Labels that are nearly all different are ids, dates or free text." in words
    assert "names the column of classes" in words


def test_every_text_the_same(project: Callable[..., Path], refused: Callable[..., Refusal]) -> None:
    project(made.texts(90).assign(text="the very same words"))
    words = _table(refused("ingest", "validate"))
    assert "Texts that repeat are dropped but for the first." in words
    assert "The same text with different labels can't be right" in words


def _write_csv(table: pd.DataFrame, folder: Path) -> None:
    table.to_csv(folder / "rows.csv", index=False)


def _write_numbers(table: pd.DataFrame, folder: Path) -> None:
    numbers = table["label"].map({"negative": 0.0, "neutral": 0.0, "positive": 1.0})
    table.assign(label=numbers).to_parquet(folder / "rows.parquet")


@pytest.mark.parametrize(
    ("write", "labels"),
    [(_write_csv, list(made.LABELS)), (_write_numbers, ["0.0", "1.0"])],
    ids=["empty cells", "NaN among numbers"],
)
def test_missing_labels(
    project: Callable[..., Path],
    refused: Callable[..., Refusal],
    write: Callable[[pd.DataFrame, Path], None],
    labels: list[str],
) -> None:
    folder = project(labels=labels)
    table = made.texts(90)
    table["label"] = table["label"].where(table.index % 30 != 0)
    write(table, folder / FILES.inbox)
    words = _table(refused("ingest", "validate"))
    assert "Every row needs a label. An empty cell or NaN is none." in words
    assert "Label these rows, or take them out of your file." in words
