"""`assay shadow` prints how a challenger agrees, and a verdict that holds at any time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from assay.monitoring import compared
from assay.monitoring.compared import Compared
from assay.paths import ModelPaths
from tests import blocks, made
from tests.cli.command import assay

if TYPE_CHECKING:
    from pathlib import Path

FILE = ModelPaths(made.MODEL).shadow


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a project of one model, which nobody needs to build."""
    monkeypatch.chdir(made.lay_out_plain(tmp_path, blocks.table_settings()))


def count(rows: int, agreements: int, minute: int = 0, **more: Any) -> None:
    time = f"2026-11-26T19:{minute:02d}:00+00:00"
    compared.append(
        FILE,
        Compared(
            champion="3",
            champion_digest="a" * 64,
            challenger="4",
            since=time,
            until=time,
            rows=rows,
            agreements=agreements,
            **{"challenger_digest": "b" * 64, **more},
        ),
    )


@pytest.mark.parametrize(
    ("agreements", "bound", "verdict"),
    [
        (1000, "0.98", "agrees"),
        (990, "0.98", "keep watching"),
        (900, "0.98", "disagrees"),
        (900, "0.8", "agrees"),
    ],
)
def test_a_verdict_is_given_on_the_bound_that_is_asked_for(
    agreements: int, bound: str, verdict: str
) -> None:
    count(400, agreements - 600)
    count(600, 600, minute=1)
    answer = json.loads(assay("shadow", made.MODEL, "--at-least", bound, "--json").out)
    assert (answer["rows"], answer["agreement"]) == (1000, agreements / 1000)
    assert answer["low"] < answer["agreement"] <= answer["high"]
    assert answer["verdict"] == verdict


def test_what_people_read() -> None:
    count(5, 5, challenger_digest="c" * 64)
    count(
        1000,
        990,
        minute=1,
        disagreements={"no": {"yes": 7}, "yes": {"no": 3}},
        failed=2,
        dropped=1234,
        champion_latencies={compared.bucket(0.01): 10},
        challenger_latencies={compared.bucket(0.02): 10},
    )
    said = assay("shadow", made.MODEL)
    assert said.code == 0
    assert "same label: 99.00 % of 1,000 rows" in said.out
    assert "no        yes         7" in said.out
    assert "not answered by the challenger: 2 rows" in said.out
    assert "not asked, for want of time: 1,234 rows" in said.out
    assert "earlier bundles that were compared: 1" in said.out
    assert "challenger: 20." in said.out
    assert said.out.splitlines()[-1].startswith("verdict on at least 98 %: keep watching")


def test_without_a_comparison_it_says_what_to_do() -> None:
    said = assay("shadow", made.MODEL)
    assert said.code == 2
    assert "no challenger of reviews was compared yet" in said.err
    assert assay("shadow", "nobody").code == 2


def test_a_challenger_that_answered_nothing_yet_gets_no_verdict() -> None:
    count(0, 0, dropped=10)
    said = assay("shadow", made.MODEL)
    assert "none of 0 rows" in said.out
    assert "keep watching" in said.out
