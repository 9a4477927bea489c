from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest

from assay.objectives.classification import calibration, plots
from assay.reporting import canvas
from tests.objectives.classification.made import certain, drawn
from tests.reporting.made import VARYING, chunks, install_chinese_font

if TYPE_CHECKING:
    from pathlib import Path

# A missing letter, or a layout that doesn't fit, is only a warning to matplotlib.
pytestmark = pytest.mark.filterwarnings("error")


def draw_all(folder: Path, classes: int, labels: tuple[str, ...] | None = None) -> list[bytes]:
    folder.mkdir()
    model, baseline = drawn(700, classes, 2, 1, labels), drawn(700, classes, 1, 2, labels)
    plots.confusion(folder / "confusion.png", model, "confusion")
    plots.roc(folder / "roc.png", model, baseline, "ROC")
    plots.calibration(folder / "calibration.png", model, baseline, "calibration")
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@pytest.mark.parametrize("classes", [2, 3, 9, 77])
def test_equal_input_gives_equal_pictures_without_a_date_or_version(
    tmp_path: Path, classes: int
) -> None:
    first, second = draw_all(tmp_path / "one", classes), draw_all(tmp_path / "two", classes)
    assert first == second
    assert len(first) == 3
    for picture in first:
        assert not VARYING & set(chunks(picture))


def test_the_model_before_scaling_is_one_more_line(tmp_path: Path) -> None:
    model, baseline = drawn(700, 3, 2, 1), drawn(700, 3, 1, 2)
    before = calibration.unscaled(model, 0.5)
    plots.calibration(tmp_path / "two.png", model, baseline, "calibration")
    plots.calibration(tmp_path / "three.png", model, baseline, "calibration", before)
    pictures = [(tmp_path / f"{name}.png").read_bytes() for name in ("two", "three")]
    assert pictures[0] != pictures[1]
    assert pictures[0][16:24] == pictures[1][16:24], "of one size"


def test_many_classes_grow_no_picture_beyond_twenty(tmp_path: Path) -> None:
    for classes in (77, 150):
        plots.confusion(tmp_path / f"{classes}.png", drawn(900, classes, 3, 1), "confusion")
        width, height = struct.unpack(">II", (tmp_path / f"{classes}.png").read_bytes()[16:24])
        assert max(width, height) < 2400


def test_the_most_confused_are_chosen_by_errors_both_ways() -> None:
    counts = np.array([[9, 0, 0, 0], [0, 5, 4, 0], [0, 0, 9, 0], [1, 0, 0, 8]])
    assert plots.most_confused(counts, 2).tolist() == [1, 2]
    assert plots.most_confused(counts, 3).tolist() == [0, 1, 2]
    assert plots.most_confused(counts, 9).tolist() == [0, 1, 2, 3]


def test_absent_classes_and_single_classes_are_drawn(tmp_path: Path) -> None:
    for name, result in (
        ("absent", certain([0, 0, 1, 1], [0, 2, 1, 1], 4)),
        ("single", certain([0, 0], [0, 1], 2)),
        ("perfect", certain([0, 1], [0, 1], 2)),
    ):
        plots.confusion(tmp_path / f"{name}-c.png", result, name)
        plots.roc(tmp_path / f"{name}-r.png", result, result, name)
        plots.calibration(tmp_path / f"{name}-k.png", result, result, name)


def test_labels_of_any_script_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_chinese_font(tmp_path / "han.ttf", monkeypatch)
    draw_all(tmp_path / "with a font", 2, ("好", "坏"))
    monkeypatch.setattr(canvas, "FOREIGN_FONTS", ())
    draw_all(tmp_path / "by number", 2, ("好", "坏"))


def test_formulas_stay_text(tmp_path: Path) -> None:
    draw_all(tmp_path / "all", 3, ("$x^$", "costs $5 _and_ {", "\\frac"))
