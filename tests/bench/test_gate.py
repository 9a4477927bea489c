from __future__ import annotations

from typing import TYPE_CHECKING

from bench import gate
from bench.__main__ import QUICK, main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def _rows(text: str, start: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith(f"| {start}")]
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]


def _share(cell: str) -> float:
    return float(cell.removesuffix(" %")) / 100


def test_it_needs_no_built_model_and_quick_prints_every_table(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--quick", "--only", "gate"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(QUICK)
    powers = _rows(shown, "`not_worse`") + _rows(shown, "`better`")
    assert len(powers) == 2 * 3
    for _, _, _, *shares in powers:
        found = [_share(one) for one in shares]
        assert found == sorted(found) and len(found) == len(gate.GAINS)
    assert len(_rows(shown, "worse by just more")) == 1
    assert "paired bootstrap of what decides, 2,000 draws" in shown


def test_a_later_look_after_promotions_may_spend_more_and_after_refusals_less() -> None:
    size = gate.Size((600,), 0, 0, 0, 0, 0, 0)
    first, promoted, refused = _rows(gate._powers(size, lambda: None), "`not_worse`")
    equal = 3
    assert _share(promoted[equal]) > _share(first[equal]) > _share(refused[equal]) > 0
    assert [row[2] for row in (first, promoted, refused)] == ["0.02500", "0.02941", "0.00049"]


def test_a_life_counts_once_however_many_looks_it_promotes_at() -> None:
    lives = [[True, True, False, True], [False] * 4]
    assert gate._life(lives) == ["2", "50.0 %", "37.5 %"]
