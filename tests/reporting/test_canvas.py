from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest

from assay.reporting import canvas
from tests.reporting.made import FONT, VARYING, chunks, install_chinese_font

if TYPE_CHECKING:
    from pathlib import Path

# A missing letter, or a layout that doesn't fit, is only a warning to matplotlib.
pytestmark = pytest.mark.filterwarnings("error")


def draw(path: Path, *names: str) -> bytes:
    shown, fonts = canvas.legible(names)
    with canvas.canvas(path, (4, 3), fonts) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [1, 0])
        axes.set(title=" ".join(shown), xlabel="x")
    return path.read_bytes()


def test_equal_input_gives_equal_bytes_without_a_date_or_version(tmp_path: Path) -> None:
    first, second = (draw(tmp_path / name, "one", "two") for name in ("1.png", "2.png"))
    assert first == second
    assert not VARYING & set(chunks(first))
    assert draw(tmp_path / "3.png", "one", "three") != first


def test_the_style_is_ours_whatever_is_set_and_stays_inside(tmp_path: Path) -> None:
    plain = draw(tmp_path / "plain.png", "one")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        before = dict(mpl.rcParams)
        assert draw(tmp_path / "styled.png", "one") == plain
        assert dict(mpl.rcParams) == before


def test_the_size_is_nearly_that_which_was_asked_for(tmp_path: Path) -> None:
    width, height = struct.unpack(">II", draw(tmp_path / "1.png", "one")[16:24])
    dots = canvas.STYLE["figure.dpi"]
    assert width == pytest.approx(4 * dots, rel=0.1)
    assert height == pytest.approx(3 * dots, rel=0.1)


def test_what_fails_while_it_is_drawn_leaves_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="broke"),
        canvas.canvas(tmp_path / "1.png", (4, 3)) as figure,
    ):
        figure.add_subplot()
        raise ValueError("it broke")
    assert list(tmp_path.iterdir()) == []


def test_letters_that_no_font_has_become_the_number_of_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvas, "FOREIGN_FONTS", ())
    names, fonts = canvas.legible(("好", "fine", "très bien"))
    assert names == ["#1", "fine", "très bien"]
    assert fonts == [canvas.FONT]
    draw(tmp_path / "1.png", "好", "坏")


def test_letters_are_drawn_in_a_font_that_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_chinese_font(tmp_path / "han.ttf", monkeypatch)
    names, fonts = canvas.legible(("好", "坏", "好 ok", "差"))
    assert names == ["好", "坏", "好 ok", "#4"]
    assert fonts == [canvas.FONT, FONT]
    draw(tmp_path / "1.png", "好", "坏")


def test_long_names_are_cut_and_formulas_stay_text(tmp_path: Path) -> None:
    names, _ = canvas.legible(("x" * 40, "a\nb"))
    assert names == ["x" * 21 + "…", "a b"]
    draw(tmp_path / "1.png", "$x^$", "costs $5 _and_ {", "\\frac")
