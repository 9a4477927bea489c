"""The section of a text classifier's report that marks the words which carried its answers.

Asks the bundle about some test rows without each of their words. Reads and writes no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.modalities.text.units import occluded
from assay.objectives.classification import metrics, occlusion
from assay.reporting.markdown import escaped, tabulate
from assay.reporting.marked import Mark, marked
from assay.reporting.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assay.bundle.classifier import Classifier
    from assay.objectives.classification.metrics import Predictions

# Rows of each kind: wrong ones, the most confident first, and right ones.
SHOWN = 10
# Units of a text: a report shows its beginning alone, and asks once a unit.
UNITS = 32


def section(bundle: Classifier, texts: Sequence[str], model: Predictions, seed: int) -> Section:
    """Return rows of the test split, the strongest words of each marked with their weights."""
    rows = chosen(model, seed)
    parts = [occluded(texts[row], UNITS) for row in rows]
    asked = [(texts[row], one.contents) for row, one in zip(rows, parts, strict=True)]
    cells = []
    for row, part, weights in zip(rows, parts, occlusion.explained(bundle, asked), strict=True):
        marks = [
            Mark(part.units[place].start, part.units[place].end, f"{weights[place]:+.1f}")
            for place in occlusion.strongest(weights)
        ]
        cells.append(
            (
                escaped(model.labels[model.truth[row]]),
                escaped(model.labels[model.predicted[row]]),
                marked(texts[row], marks),
            )
        )
    wrong = int((~model.correct[rows]).sum())
    words = (
        f"The {wrong} wrong predictions that were held most confidently, then {len(rows) - wrong} "
        "right ones drawn by the seed of `evaluate`. Each word is left out in turn, and the model "
        "asked again (Zeiler & Fergus 2014, Li et al. 2016): the number beside a word is how far "
        "the log odds of the predicted class fall without it, below zero where it speaks against "
        "that class. At most five words of a row are marked. Words that say the same share no "
        "weight: what one of them says, the other still does.\n\n"
        f"{tabulate(('actual', 'predicted', 'row'), cells)}"
    )
    return Section("explained", "Words that carried the answer", words)


def chosen(model: Predictions, seed: int) -> list[int]:
    """Return the rows to explain: the same for the same predictions and seed."""
    right = np.flatnonzero(model.correct)
    drawn = np.random.default_rng(seed).permutation(right)[:SHOWN]
    return [*metrics.worst(model, SHOWN).tolist(), *sorted(drawn.tolist())]
