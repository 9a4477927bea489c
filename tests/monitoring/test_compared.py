"""Counts of two bundles add up over the lines of a file, and a latency keeps its first digit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from assay.errors import RecordRefused
from assay.monitoring import compared
from assay.monitoring.compared import Compared

if TYPE_CHECKING:
    from pathlib import Path


def line(minute: int, challenger: str = "4", **counts: Any) -> Compared:
    time = f"2026-11-26T19:{minute:02d}:00+00:00"
    digests = {"champion_digest": "a" * 64, "challenger_digest": challenger * 64}
    return Compared(
        champion="3", challenger=challenger, since=time, until=time, **digests, **counts
    )


def test_lines_of_the_same_bundles_add_up(tmp_path: Path) -> None:
    path = tmp_path / "a folder/reviews.jsonl"
    first = line(1, rows=10, agreements=8, disagreements={"a": {"b": 2}}, champion_latencies={3: 1})
    other = line(2, challenger="5", rows=1, agreements=1)
    last = line(
        3,
        rows=5,
        agreements=2,
        disagreements={"a": {"b": 1}, "b": {"a": 2}},
        failed=1,
        dropped=7,
        champion_latencies={3: 2, 4: 1},
    )
    for one in (first, other, last):
        compared.append(path, one)
    before, together = compared.read(path)
    assert before == other
    assert (together.since, together.until) == (first.since, last.until)
    assert (together.rows, together.agreements) == (15, 10)
    assert (together.failed, together.dropped) == (1, 7)
    assert together.disagreements == {"a": {"b": 3}, "b": {"a": 2}}
    assert together.champion_latencies == {3: 3, 4: 1}


def test_a_file_that_grew_is_shortened_and_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    text = line(1, rows=1, agreements=1).model_dump_json() + "\n"
    path.write_text(text * (compared.LARGE // len(text) + 2))
    before = compared.read(path)
    compared.compact(path)
    assert compared.read(path) == before
    assert len(path.read_text().splitlines()) == 1
    compared.compact(path)
    compared.compact(tmp_path / "nowhere")


def test_a_line_that_no_server_wrote_is_refused_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    compared.append(path, line(1))
    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(RecordRefused, match="line 2"):
        compared.read(path)
    assert compared.read(tmp_path / "nowhere") == []


@pytest.mark.parametrize("seconds", [0.0001, 0.0042, 0.999, 12.3])
def test_a_latency_is_kept_to_a_tenth_of_itself(seconds: float) -> None:
    kept = compared.quantile({compared.bucket(seconds): 1}, 0.5)
    assert kept is not None
    assert seconds <= kept * 1.000001
    assert kept <= 1.1 * seconds


def test_quantiles_are_those_of_all_requests() -> None:
    known = {compared.bucket(0.001): 95, compared.bucket(1.0): 5}
    assert compared.quantile(known, 0.5) == pytest.approx(0.001, rel=0.1)
    assert compared.quantile(known, 0.95) == pytest.approx(0.001, rel=0.1)
    assert compared.quantile(known, 0.96) == pytest.approx(1.0, rel=0.1)
    assert compared.quantile({}, 0.5) is None
