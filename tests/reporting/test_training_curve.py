from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from assay.reporting import training_curve
from tests.reporting.made import VARYING, chunks

if TYPE_CHECKING:
    from pathlib import Path

# A layout that doesn't fit is only a warning to matplotlib.
pytestmark = pytest.mark.filterwarnings("error")

CURVE = pd.DataFrame(
    {
        "step": [10, 20, 30, 40],
        "loss": [1.0, 0.8, 0.7, 0.6],
        "validation_loss": [None, 0.8, None, 0.7],
        "validation_macro_f1": [None, 0.6, None, 0.7],
        "validation_accuracy": [None, 0.7, None, 0.8],
    }
)


def drawn(path: Path, curve: pd.DataFrame) -> bytes:
    training_curve.draw(path, curve, "training")
    return path.read_bytes()


def test_equal_curves_give_equal_pictures_without_a_date_or_version(tmp_path: Path) -> None:
    first, second = (drawn(tmp_path / name, CURVE) for name in ("1.png", "2.png"))
    assert first == second
    assert not VARYING & set(chunks(first))


@pytest.mark.parametrize("curve", [CURVE[["step", "loss"]], CURVE.iloc[:1], CURVE.iloc[:0]])
def test_a_short_training_is_drawn(tmp_path: Path, curve: pd.DataFrame) -> None:
    assert len(drawn(tmp_path / "training.png", curve)) > 1000


@pytest.mark.parametrize("name", list(CURVE)[1:])
def test_every_column_is_seen(tmp_path: Path, name: str) -> None:
    without = CURVE.drop(columns=name)
    assert drawn(tmp_path / "1.png", without) != drawn(tmp_path / "2.png", CURVE)


def test_scores_of_any_name_are_drawn_and_other_columns_are_not(tmp_path: Path) -> None:
    plain = drawn(tmp_path / "1.png", CURVE)
    scored = CURVE.assign(validation_mean_error=CURVE["validation_loss"] / 4)
    assert drawn(tmp_path / "2.png", scored) != plain
    assert drawn(tmp_path / "3.png", CURVE.assign(epoch=[1, 1, 2, 2])) == plain
