"""The section of an encoder's report on the networks that start from random weights.

Reads and writes no file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.objectives.classification import metrics
from assay.reporting.section import Section

if TYPE_CHECKING:
    from assay.objectives.classification.baselines import Scored
    from assay.objectives.classification.metrics import Predictions


def section(model: Predictions, words_alone: Scored) -> Section:
    """Return what stands beside a pretrained encoder: what the rows' own words tell.

    ``words_alone``: the baseline that learned from the training texts and nothing else.
    """
    own, theirs = (metrics.macro_f1(one.truth, one.predicted) for one in (model, words_alone.test))
    return Section(
        "alternatives",
        "Smaller networks",
        "This model is a pretrained encoder, which costs time and memory for what it knows of the "
        f"language. The baseline of words alone ({words_alone.name}) has a macro F1 of "
        f"{theirs:.3f} on the test split, the model {own:.3f}. `train.network: bow` and "
        "`lstm` start from the same texts. The nearer these two figures are, the more rows there "
        "are to learn from, and the smaller the machine, the more speaks for trying them: take "
        "the one whose validation macro F1 is worth its time.",
    )
