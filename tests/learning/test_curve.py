from __future__ import annotations

from typing import TYPE_CHECKING

from assay.learning import curve

if TYPE_CHECKING:
    from pathlib import Path


def test_a_row_a_step_with_empty_cells_where_nothing_was_measured(tmp_path: Path) -> None:
    target = tmp_path / "reports/training.csv"
    curve.write(target, [{"step": 10, "loss": 0.5}, {"step": 10, "score": 0.25}])
    assert target.read_bytes() == b"step,epoch,loss,learning_rate,score\n10,,0.5,,\n10,,,,0.25\n"
