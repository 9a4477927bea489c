"""What tests of reports share: the chunks of a PNG, a font of two Chinese letters, a parity."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]
from matplotlib import font_manager

from assay.reporting import canvas
from tests.reports import parity as parity_report

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FONT = "Assay Test Han"
# Chunks of a PNG that would hold a date, a version or a name.
VARYING = {"tEXt", "iTXt", "zTXt", "tIME"}
PARITY = parity_report(reason="int8 costs |0.001|")


def chunks(picture: bytes) -> list[str]:
    """Return the names of a PNG's chunks."""
    names, place = [], 8
    while place < len(picture):
        (length,) = struct.unpack(">I", picture[place : place + 4])
        names.append(picture[place + 4 : place + 8].decode())
        place += 12 + length
    return names


def install_chinese_font(path: Path, patch: pytest.MonkeyPatch) -> None:
    """Make :data:`FONT`, which has the two letters 好 and 坏 as boxes, the only foreign font."""
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
    builder.setupNameTable({"familyName": FONT, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    patch.setattr(font_manager.fontManager, "ttflist", list(font_manager.fontManager.ttflist))
    font_manager.fontManager.addfont(path)
    patch.setattr(canvas, "FOREIGN_FONTS", (FONT,))
