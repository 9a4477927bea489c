from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.errors import DataRefused
from assay.objectives.generation.no_targets import NoTargets

if TYPE_CHECKING:
    from assay.modalities.targets import Targets

ROWS = pd.DataFrame({"text": ["a", "b", "c"]}, index=[4, 5, 9])
NONE = pd.Series(False, index=ROWS.index)
TARGETS: Targets = NoTargets()


def test_no_column_is_needed_and_none_is_added() -> None:
    assert TARGETS.columns == ()
    assert dict(TARGETS.meanings) == {}
    for found in (TARGETS.defects(ROWS, ROWS["text"], NONE), TARGETS.measured(ROWS, NONE)):
        assert found.index.equals(ROWS.index)
        assert found.shape == (3, 0)
    assert TARGETS.classes(ROWS, NONE) == {}
    assert TARGETS.counts(ROWS) == {}
    assert TARGETS.notes(ROWS) == ()


@pytest.mark.parametrize(("rows", "found"), [(0, "0 distinct rows"), (1, "1 distinct row to")])
def test_fewer_rows_than_splits_are_refused(rows: int, found: str) -> None:
    place = pd.Series("train", index=ROWS.index)
    with pytest.raises(DataRefused, match=found) as refused:
        TARGETS.require(ROWS[:rows], place[:rows], "row")
    assert "at least 3" in refused.value.expected
    TARGETS.require(ROWS, place, "row")


def test_what_may_be_done_beside_bringing_more_is_said() -> None:
    for targets, cure in ((NoTargets(), "bring more rows"), (NoTargets("x"), "bring more rows; x")):
        with pytest.raises(DataRefused) as refused:
            targets.require(ROWS[:1], pd.Series("train", index=ROWS.index)[:1], "row")
        assert refused.value.cure == cure
