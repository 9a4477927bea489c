from __future__ import annotations

from assay.objectives.generation import figure_table
from assay.objectives.generation.intervals import Estimate
from assay.objectives.generation.recorded import Names

NAMES = Names({"cost": "the | cost", "share": "share"}, "cost", (), ("share",))


def test_each_figure_has_a_row_with_its_direction() -> None:
    cost = NAMES.metric("cost", Estimate(2, 1, 3), Estimate(4, 3, 5), Estimate(-2, -3, -1))
    share = NAMES.metric("share", Estimate(None, None, None))
    rows = figure_table.table([cost, share]).splitlines()
    assert len(rows) == 4
    assert (
        "the &#124; cost (lower is better) | **2.000** | 1.000 to 3.000 | 4.000 | -2.000 |"
        in rows[2]
    )
    assert "share (higher is better) | **undefined** |" in rows[3]


def test_a_verdict_speaks_of_the_rows_that_were_tested() -> None:
    assert "test images" in figure_table.verdict("neither", "image")
    assert "Better" in figure_table.verdict("model", "image")
    assert "do not ship it" in figure_table.verdict("baseline", "document")


def test_an_interval_that_is_not_there_leaves_no_mark() -> None:
    assert figure_table.interval(None, 2.0) == ""
    assert figure_table.interval(1.0, 2.0) == " (1.000 to 2.000)"
    assert figure_table.interval(-1.0, 2.0, is_signed=True) == " (-1.000 to +2.000)"
    assert figure_table.signed(None) == "undefined"
