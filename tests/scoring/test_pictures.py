from __future__ import annotations

import struct
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from matplotlib import font_manager

from assay.scoring import pictures

from .made import certain, drawn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CURVE = pd.DataFrame(
    {
        "step": [10, 20, 30, 40],
        "loss": [1.0, 0.8, 0.7, 0.6],
        "validation_loss": [None, 0.8, None, 0.7],
        "validation_macro_f1": [None, 0.6, None, 0.7],
        "validation_accuracy": [None, 0.7, None, 0.8],
    }
)


@pytest.fixture(autouse=True)
def _no_warning() -> Iterator[None]:
    """A missing letter, or a layout that doesn't fit, is only a warning to matplotlib."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def chinese_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a font that has the two letters 好 and 坏, as boxes."""
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef", "good", "bad"]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord("好"): "good", ord("坏"): "bad"})
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, 800))
    pen.lineTo((800, 800))
    pen.closePath()
    builder.setupGlyf(dict.fromkeys(names, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (900, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Assay Test Han", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    path = tmp_path / "han.ttf"
    builder.save(path)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", list(font_manager.fontManager.ttflist))
    font_manager.fontManager.addfont(path)
    monkeypatch.setattr(pictures, "FOREIGN_FONTS", ("Assay Test Han",))
    return "Assay Test Han"


def draw_all(folder: Path, classes: int, labels: tuple[str, ...] | None = None) -> list[bytes]:
    folder.mkdir()
    model, baseline = drawn(700, classes, 2, 1, labels), drawn(700, classes, 1, 2, labels)
    pictures.confusion(folder / "confusion.png", model, "confusion")
    pictures.roc(folder / "roc.png", model, baseline, "ROC")
    pictures.calibration(folder / "calibration.png", model, baseline, "calibration")
    pictures.training(folder / "training.png", CURVE, "training")
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def chunks(picture: bytes) -> list[str]:
    """Return the names of a PNG's chunks."""
    names, place = [], 8
    while place < len(picture):
        (length,) = struct.unpack(">I", picture[place : place + 4])
        names.append(picture[place + 4 : place + 8].decode())
        place += 12 + length
    return names


@pytest.mark.parametrize("classes", [2, 3, 9, 77])
def test_equal_input_gives_equal_pictures_without_a_date_or_version(
    tmp_path: Path, classes: int
) -> None:
    first, second = draw_all(tmp_path / "one", classes), draw_all(tmp_path / "two", classes)
    assert first == second
    assert len(first) == 4
    for picture in first:
        assert not {"tEXt", "iTXt", "zTXt", "tIME"} & set(chunks(picture))


def test_many_classes_grow_no_picture_beyond_twenty(tmp_path: Path) -> None:
    for classes in (77, 150):
        pictures.confusion(tmp_path / f"{classes}.png", drawn(900, classes, 3, 1), "confusion")
        width, height = struct.unpack(">II", (tmp_path / f"{classes}.png").read_bytes()[16:24])
        assert max(width, height) < 2400


def test_the_most_confused_are_chosen_by_errors_both_ways() -> None:
    counts = np.array([[9, 0, 0, 0], [0, 5, 4, 0], [0, 0, 9, 0], [1, 0, 0, 8]])
    assert pictures.most_confused(counts, 2).tolist() == [1, 2]
    assert pictures.most_confused(counts, 3).tolist() == [0, 1, 2]
    assert pictures.most_confused(counts, 9).tolist() == [0, 1, 2, 3]


def test_absent_classes_and_single_classes_are_drawn(tmp_path: Path) -> None:
    for name, result in (
        ("absent", certain([0, 0, 1, 1], [0, 2, 1, 1], 4)),
        ("single", certain([0, 0], [0, 1], 2)),
        ("perfect", certain([0, 1], [0, 1], 2)),
    ):
        pictures.confusion(tmp_path / f"{name}-c.png", result, name)
        pictures.roc(tmp_path / f"{name}-r.png", result, result, name)
        pictures.calibration(tmp_path / f"{name}-k.png", result, result, name)


@pytest.mark.parametrize("curve", [CURVE[["step", "loss"]], CURVE.iloc[:1], CURVE.iloc[:0]])
def test_a_short_training_is_drawn(tmp_path: Path, curve: pd.DataFrame) -> None:
    pictures.training(tmp_path / "training.png", curve, "training")
    assert (tmp_path / "training.png").stat().st_size > 1000


def test_letters_that_no_font_has_become_the_number_of_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "FOREIGN_FONTS", ())
    names, fonts = pictures.legible(("好", "fine", "très bien"))
    assert names == ["#1", "fine", "très bien"]
    assert fonts == [pictures.FONT]
    draw_all(tmp_path / "all", 2, ("好", "坏"))


def test_letters_are_drawn_in_a_font_that_has_them(tmp_path: Path, chinese_font: str) -> None:
    names, fonts = pictures.legible(("好", "坏", "好 ok", "差"))
    assert names == ["好", "坏", "好 ok", "#4"]
    assert fonts == [pictures.FONT, chinese_font]
    draw_all(tmp_path / "all", 2, ("好", "坏"))


def test_long_names_are_cut_and_formulas_stay_text(tmp_path: Path) -> None:
    names, _ = pictures.legible(("x" * 40, "a\nb"))
    assert names == ["x" * 21 + "…", "a b"]
    draw_all(tmp_path / "all", 3, ("$x^$", "costs $5 _and_ {", "\\frac"))
