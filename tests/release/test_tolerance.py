"""Bounds within which another class of processor may answer otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from assay import records
from assay.records import Metric
from assay.release.tolerance import metrics_outside, predictions_apart
from tests import reports

if TYPE_CHECKING:
    from pathlib import Path


def evaluation(path: Path, *metrics: Metric) -> Path:
    records.write(path, reports.evaluation(*metrics))
    return path


def metric(name: str, value: float | None, **fields: Any) -> Metric:
    return Metric(name=name, title=name, value=value, **{"decisive": True} | fields)


@pytest.mark.parametrize(("value", "outside"), [(0.8, 0), (0.9, 0), (0.79, 1), (0.91, 1)])
def test_a_decisive_metric_stays_within_its_interval(
    tmp_path: Path, value: float, outside: int
) -> None:
    ours = evaluation(tmp_path / "ours.json", metric("score", 0.85, low=0.8, high=0.9))
    theirs = evaluation(tmp_path / "theirs.json", metric("score", value, low=0.1, high=0.99))
    found = metrics_outside(ours, theirs)
    assert len(found) == outside
    if found:
        assert (found[0].path, found[0].expected) == ("score", "0.8 to 0.9")
        assert found[0].found == str(value)


def test_a_metric_that_decides_nothing_is_not_held_to_anything(tmp_path: Path) -> None:
    side = metric("side", 0.5, low=0.4, high=0.6, decisive=False)
    ours = evaluation(tmp_path / "ours.json", side)
    assert metrics_outside(ours, evaluation(tmp_path / "theirs.json", metric("side", 0.9))) == []


def test_without_an_interval_it_must_be_equal(tmp_path: Path) -> None:
    ours = evaluation(tmp_path / "ours.json", metric("a", 0.5), metric("b", None))
    same = evaluation(tmp_path / "same.json", metric("b", None), metric("a", 0.5))
    other = evaluation(tmp_path / "other.json", metric("a", 0.5001), metric("b", 0.1))
    assert metrics_outside(ours, same) == []
    assert [one.path for one in metrics_outside(ours, other)] == ["a", "b"]


def test_a_metric_that_is_gone_lies_outside(tmp_path: Path) -> None:
    ours = evaluation(tmp_path / "ours.json", metric("a", 0.5, low=0.4, high=0.6))
    (found,) = metrics_outside(ours, evaluation(tmp_path / "none.json"))
    assert (found.path, found.found) == ("a", "None")


def predictions(path: Path, labels: list[str]) -> Path:
    ids = [str(row) for row in range(len(labels))]
    pd.DataFrame({"id": ids, "predicted_label": labels}).to_parquet(path)
    return path


@pytest.mark.parametrize(("changed", "apart"), [(0, 0), (1, 0), (2, 1)])
def test_at_most_one_in_two_hundred_answers_may_change(
    tmp_path: Path, changed: int, apart: int
) -> None:
    ours = predictions(tmp_path / "ours.parquet", ["a"] * 200)
    theirs = predictions(tmp_path / "theirs.parquet", ["b"] * changed + ["a"] * (200 - changed))
    found = predictions_apart(ours, theirs)
    assert len(found) == apart
    if found:
        assert found[0].found == "99.00%"
        assert "99.5%" in found[0].expected
