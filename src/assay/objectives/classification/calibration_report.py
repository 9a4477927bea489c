"""The section of a classifier's report on calibration: confidence beside accuracy.

Reads and writes nothing: returns Markdown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.objectives.classification import metrics
from assay.objectives.classification.metrics import TITLES
from assay.reporting.markdown import number, percent, tabulate
from assay.reporting.section import Section

if TYPE_CHECKING:
    from assay.objectives.classification.metrics import Predictions

SHOWN = ("calibration_error", "log_loss")


def section(served: Predictions, unscaled: Predictions, temperature: float) -> Section:
    """Return how well the confidence of predictions agrees with their accuracy.

    ``unscaled`` are the predictions before logits were divided by ``temperature``.
    """
    sure = float(served.confidence.mean()) - float(served.correct.mean())
    habit = "too sure of itself" if sure > 0 else "less sure than it could be"
    words = (
        f"On average the model is {percent(served.confidence.mean())} sure, and right in "
        f"{percent(served.correct.mean())} of the rows: {habit}, by {abs(sure) * 100:.1f} points. "
        "The expected calibration error (15 bins of equal width, Guo et al. 2017) is "
        f"{number(metrics.calibration_error(served))}.\n\n"
        f"{_scaling(served, unscaled, temperature)}\n\n![calibration](pictures/calibration.png)"
    )
    return Section("calibration", "Calibration", words)


def _scaling(served: Predictions, unscaled: Predictions, temperature: float) -> str:
    """Return what the temperature changed on the test split, also where that was for the worse."""
    if temperature == 1:
        return "The logits are served as the network gives them: their temperature is 1."
    before, after = metrics.figures(unscaled), metrics.figures(served)
    rows = [(TITLES[name], number(before[name]), f"**{number(after[name])}**") for name in SHOWN]
    worse = [TITLES[name] for name in SHOWN if (after[name] or 0.0) > (before[name] or 0.0)]
    honest = (
        f"\n\n**Scaling made these rows worse in {' and '.join(worse)}**: what fits the validation "
        "split need not fit every other, least of all where either has few rows."
        if worse
        else ""
    )
    table = tabulate(("test split, lower is better", "before", "served"), rows, right=(1, 2))
    return (
        f"The graph divides its logits by a temperature of {temperature:g}, fitted on the "
        "validation split (temperature scaling, Guo et al. 2017). No predicted class changes. "
        f"The probabilities of the baseline are not scaled.\n\n{table}{honest}"
    )
