from __future__ import annotations

import numpy as np
from scipy.special import softmax

from assay.objectives.classification import calibration_report, metrics
from assay.objectives.classification.metrics import Predictions
from tests.objectives.classification.made import certain, drawn


def scaled(plain: Predictions, temperature: float) -> Predictions:
    """Return the predictions of logits that are divided by ``temperature``."""
    likely = softmax(np.log(plain.probabilities) / temperature, axis=1)
    return Predictions(plain.truth, likely, plain.labels)


def test_it_says_whether_the_model_is_too_sure() -> None:
    sure = certain([0, 1, 0, 0], [0, 1, 1, 0], 2)
    words = calibration_report.section(sure, sure, 1.0).words
    assert "100.0 % sure, and right in 75.0 % of the rows: too sure of itself, by 25.0" in words
    assert "is 0.250." in words
    assert "their temperature is 1" in words
    assert "before" not in words


def test_both_figures_stand_before_and_after() -> None:
    # Answers of drawn() are likely to be right as they say, so that half as sure is too little.
    before = scaled(drawn(4000, 3, 2.0, 1), 3.0)
    served = drawn(4000, 3, 2.0, 1)
    words = calibration_report.section(served, before, 0.3333).words
    assert "divides its logits by a temperature of 0.3333, fitted on the validation split" in words
    assert "The probabilities of the baseline are not scaled." in words
    first, second = metrics.figures(before), metrics.figures(served)
    for name in ("calibration_error", "log_loss"):
        assert (first[name] or 0) > (second[name] or 0)
        row = f"| {metrics.TITLES[name]} | {first[name]:.3f} | **{second[name]:.3f}** |"
        assert row in words
    assert "made these rows worse" not in words
    assert words.endswith("![calibration](pictures/calibration.png)")


def test_a_temperature_that_did_harm_is_said_to_have() -> None:
    before = drawn(4000, 3, 2.0, 1)
    words = calibration_report.section(scaled(before, 3.0), before, 3.0).words
    assert "**Scaling made these rows worse in expected calibration error and log loss**" in words
