from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.objectives.generation import image_plots
from tests.reporting.made import VARYING, chunks

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("error")

GENERATED, HELD_OUT = np.arange(1.0, 12.0), np.array([0.0, 4.0])


def test_the_curve_is_the_share_of_images_within_a_distance() -> None:
    table = image_plots.distances(GENERATED, HELD_OUT)
    assert list(table.columns) == ["plot", "series", "x", "y"]
    assert set(table["plot"]) == {"distance"}
    own = table[table["series"] == "generated"]
    assert own["x"].iloc[[0, 50, 100]].tolist() == [1.0, 6.0, 11.0]
    assert own["y"].iloc[[0, 50, 100]].tolist() == [0.0, 0.5, 1.0]
    assert table[table["series"] == "held out"]["x"].iloc[50] == 2.0


def test_equal_input_gives_equal_pictures(tmp_path: Path) -> None:
    table = image_plots.distances(GENERATED, HELD_OUT)
    for name in ("one.png", "two.png"):
        image_plots.nearest(tmp_path / name, table, "model: nearest")
    image_plots.nearest(tmp_path / "other.png", image_plots.distances(HELD_OUT, HELD_OUT), "model")
    one, two, other = ((tmp_path / f"{name}.png").read_bytes() for name in ("one", "two", "other"))
    assert one == two
    assert one != other
    assert not VARYING & set(chunks(one))
