from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assay.objectives.generation import plots
from tests.objectives.generation import made
from tests.reporting.made import VARYING, chunks

if TYPE_CHECKING:
    from pathlib import Path

# A missing letter, or a layout that doesn't fit, is only a warning to matplotlib.
pytestmark = pytest.mark.filterwarnings("error")

TRAIN = ("the quick brown fox jumps over the lazy dog",)
SAMPLED = made.sampled(["fox jumps", "qu 99", "zz"], ["over the", "0"], TRAIN)


def test_the_curve_is_the_share_of_texts_with_so_many_characters_or_more() -> None:
    table = plots.survival(SAMPLED)
    assert list(table.columns) == ["plot", "series", "x", "y"]
    assert set(table["plot"]) == {"overlap"}
    own = table[table["series"] == "generated"]
    usual = table[table["series"] == "held out"]
    assert own["x"].tolist() == usual["x"].tolist() == list(range(10))
    assert own["y"].tolist() == pytest.approx([1, 1, 2 / 3, *[1 / 3] * 7])
    assert usual["y"].tolist() == pytest.approx([1, *[0.5] * 8, 0])


def test_texts_without_a_common_character_have_a_curve_too(tmp_path: Path) -> None:
    nothing = made.sampled(["1", "2"], ["3"], TRAIN)
    assert plots.survival(nothing)["y"].tolist() == [1.0, 1.0]
    plots.overlaps(tmp_path / "nothing.png", nothing, "nothing")
    assert (tmp_path / "nothing.png").stat().st_size > 1000


def test_equal_input_gives_equal_pictures_without_a_date_or_version(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        plots.overlaps(tmp_path / name, SAMPLED, "model: passages")
    other = made.sampled(["fox jumps", "qu 99", "zz"], ["over the lazy", "0"], TRAIN)
    plots.overlaps(tmp_path / "other.png", other, "model: passages")
    one, two, three = ((tmp_path / f"{name}.png").read_bytes() for name in ("one", "two", "other"))
    assert one == two
    assert one != three
    assert not VARYING & set(chunks(one))
