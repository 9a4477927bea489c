"""The plot of a language model: how long the passages are that it shares with its train texts.

Writes PNG files. Reads nothing. Equal input gives equal bytes, as :mod:`assay.reporting.canvas`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assay.reporting.canvas import MODEL, OTHER, canvas

if TYPE_CHECKING:
    from pathlib import Path

    from assay.objectives.generation.sampled import Sampled


def survival(sampled: Sampled) -> pd.DataFrame:
    """Return ``plot, series, x, y``: of each kind, the share of texts with x characters or more."""
    kinds = {"generated": sampled.generated.overlaps, "held out": sampled.held_out.overlaps}
    longest = max(int(own.max()) for own in kinds.values())
    lengths = np.arange(longest + 1)
    parts = [
        pd.DataFrame(
            {
                "plot": "overlap",
                "series": kind,
                "x": lengths,
                "y": [float((own >= length).mean()) for length in lengths],
            }
        )
        for kind, own in kinds.items()
    ]
    return pd.concat(parts, ignore_index=True)


def overlaps(path: Path, sampled: Sampled, title: str) -> None:
    """Draw the share of texts that have a passage of so many characters of a train text."""
    table = survival(sampled)
    with canvas(path, (6.4, 3.6)) as figure:
        axes = figure.add_subplot()
        for kind, colour in (("generated", MODEL), ("held out", OTHER)):
            own = table[table["series"] == kind]
            axes.step(own["x"], own["y"], where="post", color=colour, label=kind)
        axes.set(xlabel="characters of the longest passage", ylabel="share of texts", title=title)
        axes.set_ylim(0, 1.02)
        axes.grid(axis="y")
        axes.legend()
