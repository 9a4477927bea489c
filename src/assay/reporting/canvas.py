"""The canvas of every plot: Assay's style, fonts for any script, PNG files of equal bytes.

Writes PNG files. Reads nothing but the fonts of this machine. Equal input gives equal bytes: no
date, no software version, no window system. A name in a script that matplotlib's own font lacks is
drawn in a font of this machine; where none has its letters, its number stands there (``#3``).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

INK, SOFT, FAINT = "#1f2933", "#7b8794", "#e4e7eb"
MODEL, OTHER = "#2b6cb0", "#c05621"
LINES = (MODEL, OTHER, "#2f855a", "#805ad5", "#b7791f", "#319795", "#97266d", "#4a5568")
STYLE: dict[str, Any] = {
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.titlesize": 11,
    "figure.dpi": 150,
    "font.size": 9,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.color": SOFT,
    "ytick.labelcolor": INK,
}
FONT = "DejaVu Sans"  # comes with matplotlib, the same everywhere
# Tried in this order for letters that the font above lacks.
FOREIGN_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "Arial Unicode MS",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Noto Sans Arabic",
)
LONGEST = 22


@contextmanager
def canvas(
    path: Path, size: tuple[float, float], fonts: Sequence[str] = (FONT,)
) -> Iterator[Figure]:
    """Yield a figure in Assay's style; save it when the block ends."""
    with mpl.rc_context():
        mpl.rcdefaults()
        for name, value in STYLE.items():
            mpl.rcParams[name] = value  # type: ignore[index]
        mpl.rcParams["font.family"] = list(fonts)
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        # matplotlib signs its pictures with its version; nothing else in them varies.
        figure.savefig(path, format="png", metadata={"Software": None}, bbox_inches="tight")


def legible(labels: Sequence[str], longest: int = LONGEST) -> tuple[list[str], list[str]]:
    """Return the labels as they can be drawn here, and the fonts for it.

    A label is cut at ``longest`` letters; one whose letters no known font has becomes its number.
    """
    cut = [name if len(name) <= longest else name[: longest - 1] + "…" for name in labels]
    # A dollar sign would start a formula.
    cut = [" ".join(name.replace("$", r"\$").split()) for name in cut]
    needed = {letter for name in cut for letter in name if letter not in "\\ "}
    fonts, covered = [FONT], needed & _letters(FONT)
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    for name in FOREIGN_FONTS:
        if name in installed and (more := (needed - covered) & _letters(name)):
            fonts.append(name)
            covered |= more
    missing = needed - covered
    shown = [f"#{place}" if missing & set(name) else name for place, name in enumerate(cut, 1)]
    return shown, fonts


def _letters(font: str) -> set[str]:
    path = font_manager.findfont(font, fallback_to_default=False)
    return {chr(code) for code in font_manager.get_font(path).get_charmap()}
