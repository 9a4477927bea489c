from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.bundle.classifier import scope_scores
from assay.objectives.classification import scope, scope_report
from assay.reporting.markdown import percent
from tests.objectives.classification.made import drawn
from tests.reports import parity

if TYPE_CHECKING:
    from assay.objectives.classification.metrics import Predictions

SERVED = drawn(4000, 3, 2.0, 1)


def words(served: Predictions, threshold: float | None, false_alarm: float | None = 0.05) -> str:
    report = parity(threshold=threshold, false_alarm=false_alarm, validation_rows=12)
    return scope_report.section(served, report).words


def test_what_is_kept_is_set_beside_what_is_rejected() -> None:
    threshold = scope.threshold(drawn(4000, 3, 2.0, 2).probabilities, 0.05)
    assert threshold is not None
    found = words(SERVED, threshold)
    outside = scope_scores(SERVED.probabilities) < threshold
    assert f"whose scope score is below {threshold:g} is called out of scope" in found
    assert f"{percent(outside.mean())} are called out of scope (95 % interval " in found
    assert "%), as asked for within chance." in found
    kept, rejected = SERVED.correct[~outside].mean(), SERVED.correct[outside].mean()
    assert kept > SERVED.correct.mean() > rejected
    assert f"| kept | {(~outside).sum():,} | {percent(kept)} |" in found
    assert f"| called out of scope | {outside.sum():,} | {percent(rejected)} |" in found
    assert f"| all | 4,000 | {percent(SERVED.correct.mean())} |" in found


def test_more_or_fewer_alarms_than_asked_for_are_said_to_be() -> None:
    ranked = np.sort(scope_scores(SERVED.probabilities))
    assert "%), **more than asked for**: the test split is unlike" in words(SERVED, ranked[400])
    assert "%), fewer than asked for: the test split is unlike" in words(SERVED, ranked[40])


def test_a_threshold_below_all_rows_rejects_none() -> None:
    found = words(SERVED, 0.5)
    assert "0.0 % are called out of scope (95 % interval 0.0 to 0.1 %)" in found
    assert "| called out of scope | 0 | undefined |" in found


def test_why_there_is_no_threshold_is_told() -> None:
    assert words(SERVED, None, None) == (
        "No input is called out of scope: `export.false_alarm` is null."
    )
    assert "12 validation rows are too few for a threshold with 5.0 % of false alarms" in words(
        SERVED, None
    )
